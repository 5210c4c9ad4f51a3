create table if not exists talking.audio (
    recording_id integer primary key references talking.recordings on delete cascade,
    type text not null,
    bytes bytea not null
);

-- Sound is compressed already; stored as it is, a piece of it can be read without the rest.
alter table talking.audio alter column bytes set storage external;
alter table talking.audio
    add column if not exists peaks text
        constraint audio_peaks check (peaks ~ '^[A-Za-z0-9_-]{8,240}$'),
    add column if not exists draft uuid,
    add column if not exists version text not null
        generated always as (encode(sha256(bytes), 'hex')) stored;
alter table talking.audio drop constraint if exists audio_bytes;
alter table talking.audio add constraint audio_bytes check (octet_length(bytes) <= 16777216) not valid;
create unique index if not exists audio_draft on talking.audio (draft) where draft is not null;

comment on table talking.audio is 'The sound of recordings, apart from them, so that reading a thread does not touch it.';
comment on column talking.audio.recording_id is 'Whose sound it is.';
comment on column talking.audio.type is 'Its media type, such as audio/webm.';
comment on column talking.audio.bytes is 'The file, as it was sent; at most 16 MiB.';
comment on column talking.audio.peaks is
    'How loud it is from its beginning to its end: 8 to 240 of A–Z, a–z, 0–9, - and _, which are 0 to 63 in this order (base64url). NULL: nobody looked.';
comment on column talking.audio.draft is
    'What its sender calls it: sent again, because the answer was lost, it is no second recording. NULL: nobody said.';
comment on column talking.audio.version is 'A hash of the bytes, by which browsers know them again.';
