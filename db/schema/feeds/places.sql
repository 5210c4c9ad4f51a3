/* The index on feed is a hash: a tag may be longer than a B-tree takes. No foreign key to the post:
   triggers keep both, and it would lock what need not be locked. */
create table if not exists feeds.places (
    feed text not null,
    post_id uuid not null,
    place bigint not null
);

-- Without a key, publications of all tables would refuse its deletes.
alter table feeds.places replica identity full;

create index if not exists places_feed on feeds.places using hash (feed);
create index if not exists places_post on feeds.places (post_id);

comment on table feeds.places is 'Read model: which post stands where in which feed. Kept by the triggers on feeds.posts.';
comment on column feeds.places.feed is 'The feed''s name, a tag.';
comment on column feeds.places.post_id is 'The post.';
comment on column feeds.places.place is 'The greatest is on top: the event that put the post into the feed.';
