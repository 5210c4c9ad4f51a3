create schema if not exists feeds;
comment on schema feeds is 'Feeds, a page of tagged posts: documents and writes for everybody, tables for its owner.';
grant usage on schema feeds to public;
