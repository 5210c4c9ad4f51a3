create table if not exists talking.audio (
    recording_id integer primary key references talking.recordings on delete cascade,
    type text not null,
    bytes bytea not null
);

-- Sound is compressed already; stored as it is, a piece of it can be read without the rest.
alter table talking.audio alter column bytes set storage external;

comment on table talking.audio is 'The sound of recordings, apart from them, so that reading a thread does not touch it.';
comment on column talking.audio.recording_id is 'Whose sound it is.';
comment on column talking.audio.type is 'Its media type, such as audio/webm.';
comment on column talking.audio.bytes is 'The file, as it was sent.';
