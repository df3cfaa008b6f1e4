-- In the template, and so in each database that is copied from it: what its tables held, and how that is put back.
CREATE SCHEMA harness;
REVOKE ALL ON SCHEMA harness FROM PUBLIC;

DO $$
DECLARE one record; has_rows boolean;
BEGIN
  FOR one IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', one.name) INTO has_rows;
    IF has_rows THEN
      EXECUTE format('CREATE TABLE harness.%1$I AS SELECT * FROM public.%1$I', one.name);
    END IF;
  END LOOP;
END $$;

-- The columns that may be written: not those that PostgreSQL generates.
CREATE VIEW harness.kept_rows AS
SELECT table_name AS name, string_agg(quote_ident(column_name), ', ') AS columns
FROM information_schema.columns
WHERE table_schema = 'public' AND is_generated = 'NEVER'
  AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'harness')
GROUP BY table_name;

CREATE VIEW harness.places AS
SELECT sequencename AS name, start_value, last_value FROM pg_sequences WHERE schemaname = 'public';
CREATE TABLE harness.first_places AS SELECT * FROM harness.places;

-- Changes of the schema that were committed; they cannot be put back.
CREATE TABLE harness.changes (tag text NOT NULL);

CREATE FUNCTION harness.note_change() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() AS made WHERE made.schema_name IS DISTINCT FROM 'pg_temp') THEN
    INSERT INTO harness.changes VALUES (tg_tag);
  END IF;
END $$;

CREATE FUNCTION harness.note_drop() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() AS gone WHERE NOT gone.is_temporary) THEN
    INSERT INTO harness.changes VALUES (tg_tag);
  END IF;
END $$;

-- Whether the tables are as they were. Whoever is still connected is sent away first.
CREATE FUNCTION harness.put_back() RETURNS boolean LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE one record;
BEGIN
  PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid();
  IF EXISTS (SELECT FROM harness.changes) THEN
    RETURN false;
  END IF;
  FOR one IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DELETE FROM public.%I', one.name);
  END LOOP;
  FOR one IN SELECT name, columns FROM harness.kept_rows LOOP
    EXECUTE format(
      'INSERT INTO public.%1$I (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM harness.%1$I', one.name, one.columns
    );
  END LOOP;
  PERFORM setval(format('public.%I', name), coalesce(first.last_value, first.start_value), first.last_value IS NOT NULL)
  FROM harness.first_places AS first JOIN harness.places AS now USING (name)
  WHERE now.last_value IS DISTINCT FROM first.last_value;
  RETURN true;
END $$;

CREATE EVENT TRIGGER harness_changes ON ddl_command_end EXECUTE FUNCTION harness.note_change();
CREATE EVENT TRIGGER harness_drops ON sql_drop EXECUTE FUNCTION harness.note_drop();
