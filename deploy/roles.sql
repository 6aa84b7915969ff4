-- Run once by the PostgreSQL image, as its superuser, when its volume is empty: the two roles and the database.
-- The owner owns the tables and is used by `pooling migrate` alone. The application's role owns nothing, so that
-- row-level security binds it; `migrate` gives it its privileges.
\set ON_ERROR_STOP on
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
CREATE ROLE pooling_owner LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE pooling_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'app_password';
CREATE DATABASE pooling OWNER pooling_owner;
REVOKE ALL ON DATABASE pooling FROM PUBLIC;
GRANT CONNECT ON DATABASE pooling TO pooling_app;
-- No large objects, which stand outside every table and every policy: only a superuser can say so.
\connect pooling
DO $$ DECLARE found regprocedure; BEGIN
    FOR found IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
        AND (proname LIKE 'lo\_%' OR proname IN ('loread', 'lowrite')) LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', found);
    END LOOP;
END $$;
