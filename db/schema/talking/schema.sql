create schema if not exists talking;
comment on schema talking is 'Talking, a forum of voice messages: documents for everybody, tables for its owner.';
grant usage on schema talking to public;
