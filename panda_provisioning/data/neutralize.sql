-- a copy of a database must never call the real Panda
UPDATE panda_system
   SET state = 'disabled',
       access_id = NULL,
       access_password_secret = NULL,
       api_key_secret = NULL,
       next_probe_at = NULL;
