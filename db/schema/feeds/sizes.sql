create table if not exists feeds.sizes (
    feed text not null,
    number bigint not null,
    posts integer not null
);

alter table feeds.sizes replica identity full; -- as feeds.places

create index if not exists sizes_feed on feeds.sizes using hash (feed);

comment on table feeds.sizes is
    'Read model: how many posts each feed has, the sum of its rows. Writers only add rows, so that none waits for another; now and then one folds them.';
comment on column feeds.sizes.feed is 'The feed''s name, a tag.';
comment on column feeds.sizes.number is 'The FeedUpdated event that came with it; a feed''s least is the order of its creation.';
comment on column feeds.sizes.posts is 'How many came, or if negative went.';

create or replace view feeds.feeds as
    select s.feed as name, min(s.number) as number, sum(s.posts)::integer as posts
    from feeds.sizes s group by s.feed;

comment on view feeds.feeds is 'Every feed that ever had a post, and how many it has.';
comment on column feeds.feeds.name is 'Its name, a tag.';
comment on column feeds.feeds.number is 'The event that created it: the order of creation.';
comment on column feeds.feeds.posts is 'How many posts stand in it.';
