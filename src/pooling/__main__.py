from pooling.cli import main

main()
