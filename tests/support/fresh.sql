-- In the template, and so in each database that is copied from it: what its tables held, and how that is put back.
CREATE SCHEMA harness;
REVOKE ALL ON SCHEMA harness FROM PUBLIC;

CREATE VIEW harness.tables AS
SELECT schemaname, tablename, format('%I.%I', schemaname, tablename) AS name, schemaname || '.' || tablename AS copy
FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'harness') AND schemaname NOT LIKE 'pg_temp%';

DO $$
DECLARE one record; has_rows boolean;
BEGIN
  FOR one IN SELECT * FROM harness.tables LOOP
    EXECUTE 'SELECT EXISTS (SELECT FROM ' || one.name || ')' INTO has_rows;
    IF has_rows THEN
      EXECUTE format('CREATE TABLE harness.%I AS SELECT * FROM %s', one.copy, one.name);
    END IF;
  END LOOP;
END $$;

-- The columns that may be written: not those that PostgreSQL generates.
CREATE VIEW harness.kept_rows AS
SELECT tables.name, quote_ident(tables.copy) AS copy, string_agg(quote_ident(column_name), ', ') AS columns
FROM harness.tables
JOIN pg_tables AS copies ON copies.schemaname = 'harness' AND copies.tablename = tables.copy
JOIN information_schema.columns ON table_schema = tables.schemaname AND table_name = tables.tablename
WHERE is_generated = 'NEVER'
GROUP BY tables.name, tables.copy;

CREATE VIEW harness.places AS
SELECT format('%I.%I', schemaname, sequencename) AS name, start_value, last_value FROM pg_sequences;
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
  FOR one IN SELECT name FROM harness.tables LOOP
    EXECUTE 'DELETE FROM ' || one.name;
  END LOOP;
  FOR one IN SELECT * FROM harness.kept_rows LOOP
    EXECUTE format(
      'INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM harness.%3$s', one.name, one.columns, one.copy
    );
  END LOOP;
  PERFORM setval(name, coalesce(first.last_value, first.start_value), first.last_value IS NOT NULL)
  FROM harness.first_places AS first JOIN harness.places AS now USING (name)
  WHERE now.last_value IS DISTINCT FROM first.last_value;
  RETURN true;
END $$;

CREATE EVENT TRIGGER harness_changes ON ddl_command_end EXECUTE FUNCTION harness.note_change();
CREATE EVENT TRIGGER harness_drops ON sql_drop EXECUTE FUNCTION harness.note_drop();
