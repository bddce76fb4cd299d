-- a copy of a database must never call the real Panda
UPDATE panda_system
   SET state = 'disabled',
       access_id = NULL,
       next_probe_at = NULL;
DELETE FROM panda_system_secret;
