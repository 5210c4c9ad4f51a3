/* The write model. Whatever writes here, the page, psql or COPY, is right: triggers keep history and
   read model in the same transaction. They take no lock that another post's writer could wait for, so
   they can neither block nor deadlock. */
create table if not exists feeds.posts (
    id uuid primary key default pg_catalog.gen_random_uuid(),
    title text not null default '',
    content text not null default '',
    author text not null default '',
    tags text[] generated always as (feeds.tags_of(content)) stored,
    created_at timestamptz not null default pg_catalog.now() check (isfinite(created_at)),
    edited_at timestamptz check (isfinite(edited_at)),
    constraint title_length check (pg_catalog.char_length(title) <= 255),
    constraint content_length check (pg_catalog.octet_length(content) <= 65535),
    constraint author_length check (pg_catalog.char_length(author) <= 255)
);

comment on table feeds.posts is 'What people post. Insert, update, delete or copy into it as you like: feeds and history follow.';
comment on column feeds.posts.id is 'For ever the same.';
comment on column feeds.posts.title is 'At most 255 characters; may be empty.';
comment on column feeds.posts.content is 'At most 65,535 octets; what follows a # in it is a tag.';
comment on column feeds.posts.author is 'Who posted it; at most 255 characters.';
comment on column feeds.posts.tags is 'The tags in the content: feeds.tags_of(content), NULL if there are none.';
comment on column feeds.posts.created_at is 'When it was posted.';
comment on column feeds.posts.edited_at is 'When it was last changed; NULL: never. Kept by a trigger.';
