-- migrate:up
-- A secret key that may do everything may keep reports too. Its revision is raised like that
-- of any other changed key.
WITH next AS (
  UPDATE control.key_revision SET revision = revision + 1 RETURNING revision
)
UPDATE control.keys AS k
   SET scopes = k.scopes || '{reports}', revision = next.revision
  FROM next
 WHERE k.kind = 'secret'
   AND k.scopes @> '{query,ingest:read,keys,settings,jobs,models,predict}'
   AND NOT k.scopes && '{reports}';

-- migrate:down
WITH next AS (
  UPDATE control.key_revision SET revision = revision + 1 RETURNING revision
)
UPDATE control.keys AS k
   SET scopes = array_remove(k.scopes, 'reports'),
       revision = next.revision
  FROM next
 WHERE k.scopes && '{reports}';
