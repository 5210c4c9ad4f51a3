create table if not exists talking.votes (
    recording_id integer not null references talking.recordings on delete cascade,
    voter uuid not null,
    direction smallint not null check (direction between -1 and 1),
    primary key (recording_id, voter)
);

comment on table talking.votes is 'Who likes what: one vote per voter and recording, counted in talking.recordings.';
comment on column talking.votes.recording_id is 'What is voted on.';
comment on column talking.votes.voter is 'Whoever the browser says it is.';
comment on column talking.votes.direction is '1 for it, -1 against it, 0 neither.';
