"""What is genuine, changed as a browser, a disk or somebody curious would change it."""

from hypothesis import strategies as st


@st.composite
def altered(draw: st.DrawFn, genuine: st.SearchStrategy[bytes]) -> bytes:
    """Cut, lengthened or changed in a few places; now and then as it was."""
    content = bytearray(draw(genuine))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(len(content), 1) - 1))
        length = draw(st.integers(0, 8))
        content[place : place + length] = draw(st.binary(max_size=8))
    return bytes(content)
