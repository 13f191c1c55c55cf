-- migrate:up
-- A secret key that may do everything may use models too. Its revision is raised like that
-- of any other changed key.
WITH next AS (
  UPDATE control.key_revision SET revision = revision + 1 RETURNING revision
)
UPDATE control.keys AS k
   SET scopes = k.scopes || '{models,predict}', revision = next.revision
  FROM next
 WHERE k.kind = 'secret'
   AND k.scopes @> '{query,ingest:read,keys,settings,jobs}'
   AND NOT k.scopes && '{models,predict}';

-- migrate:down
WITH next AS (
  UPDATE control.key_revision SET revision = revision + 1 RETURNING revision
)
UPDATE control.keys AS k
   SET scopes = array_remove(array_remove(k.scopes, 'models'), 'predict'),
       revision = next.revision
  FROM next
 WHERE k.scopes && '{models,predict}';
