-- name: SavePluginVersion :exec
INSERT INTO plugin_versions (digest, about, bytes, loaded_at, quarantined)
VALUES (@digest, @about, @bytes, @loaded_at, @quarantined)
ON CONFLICT (digest) DO UPDATE SET
    about = excluded.about, bytes = excluded.bytes, loaded_at = excluded.loaded_at, quarantined = excluded.quarantined;

-- name: InsertPluginGeneration :execrows
INSERT INTO plugin_generations (hook, rev, digest, name, params, paused, back, since, by_whom)
VALUES (@hook, @rev, @digest, @name, @params, @paused, @back, @since, @by_whom)
ON CONFLICT DO NOTHING;

-- name: InsertPluginChange :execrows
INSERT INTO plugin_changes (at, who, action, hook, digest, before, after, result)
VALUES (@at, @who, @action, @hook, @digest, @before, @after, @result)
ON CONFLICT DO NOTHING;

-- name: PluginVersions :many
SELECT * FROM plugin_versions ORDER BY loaded_at, digest;

-- name: DeletePluginVersion :exec
DELETE FROM plugin_versions WHERE digest = @digest;

-- name: PluginsServedSince :many
-- The last generation of a hook that began by then served on until the next one.
SELECT DISTINCT g.digest FROM plugin_generations AS g
LEFT JOIN (
    SELECT p.hook, MAX(p.rev) AS rev FROM plugin_generations AS p WHERE p.since <= @since GROUP BY p.hook
) AS first ON first.hook = g.hook
WHERE first.rev IS NULL OR g.rev >= first.rev
ORDER BY g.digest;

-- name: PluginGeneration :one
SELECT * FROM plugin_generations WHERE hook = @hook AND rev = @rev;

-- name: LatestPluginGeneration :one
SELECT * FROM plugin_generations WHERE hook = @hook ORDER BY rev DESC LIMIT 1;

-- name: PluginChange :one
SELECT * FROM plugin_changes WHERE at = @at;

-- name: PluginChanges :many
SELECT * FROM plugin_changes WHERE at < @until ORDER BY at DESC LIMIT @at_most;
