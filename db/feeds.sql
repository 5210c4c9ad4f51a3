/* Installs Feeds, a page of tagged posts, or brings it up to date:
   psql "$DATABASE_URL" -f db/feeds.sql, after db/install.sql. One transaction, safe to repeat.
   It makes the schema feeds, and declares to crier what is served and what changes it. */

\set ON_ERROR_STOP on
begin;
set local client_min_messages = 'warning';

do $$
begin
    perform crier.lock_tables('feeds.posts', 'feeds.feeds', 'feeds.sizes', 'feeds.places', 'feeds.events');
end
$$;
\ir schema/feeds/schema.sql
\ir functions/feeds/tags_of.sql
\ir schema/feeds/posts.sql
\ir schema/feeds/events.sql
\ir schema/feeds/places.sql
\ir schema/feeds/sizes.sql

\ir functions/feeds/post_document.sql
\ir functions/feeds/event_document.sql
\ir functions/feeds/feed_name.sql
\ir functions/feeds/feed_topic.sql
\ir functions/feeds/feeds_list.sql
\ir functions/feeds/feed.sql
\ir functions/feeds/times.sql
\ir functions/feeds/post.sql
\ir functions/feeds/event_octets.sql
\ir functions/feeds/create_post.sql
\ir functions/feeds/update_post.sql
\ir functions/feeds/pick.sql
\ir functions/feeds/random_text.sql
\ir functions/feeds/generate_post.sql
\ir functions/feeds/sizes_fold.sql
\ir functions/feeds/places_of_history.sql
\ir functions/feeds/feeds_of_history.sql
\ir functions/feeds/rebuild.sql

\ir triggers/feeds/post_edited.sql
\ir triggers/feeds/posts_created.sql
\ir triggers/feeds/posts_updated.sql
\ir triggers/feeds/posts_deleted.sql
\ir triggers/feeds/posts_truncated.sql
\ir triggers/feeds/events_kept.sql
\ir triggers/feeds/events_sent.sql

do $$
begin
    perform crier.live('/api/feeds', 'feeds.feeds_list()', event => 'data', inline => true);
    perform crier.live('/api/feeds/{name}', 'feeds.feed(text)', event => 'data', topic => 'feeds.feed_topic(text)');
    perform crier.live('/api/feeds/{name}/times', 'feeds.times(text)', event => 'data', topic => 'feeds.feed_topic(text)');
    perform crier.live('/api/posts/{id}', 'feeds.post(uuid)', event => 'data', inline => true);
    perform crier.action('POST', '/api/posts', 'feeds.create_post(text,text,text)');
    perform crier.action('PATCH', '/api/posts/{id}', 'feeds.update_post(uuid,text,text)');
    perform crier.action('POST', '/api/generate/post', 'feeds.generate_post()');
    perform crier.channel('/events/feeds', 'feeds_events');
    perform crier.blob('/events/feeds/{id}', 'feeds.event_octets(bigint)', type => 'application/json',
        cache => 'public, max-age=31536000, immutable');
    perform crier.watch('feeds.posts', '/api/posts/{id}');
    perform crier.watch('feeds.sizes', '/api/feeds');
    perform crier.watch('feeds.events', 'feed/{feed}');
end
$$;
commit;
