-- It had one argument less; two that fit the same calls cannot be declared.
drop function if exists talking.create_recording(bytea, text, text, integer, integer, text);

create or replace function talking.create_recording(
        _bytes bytea,
        _author text,
        _title text default null,
        _parent_id integer default null,
        _duration_ms integer default null,
        _peaks text default null,
        _draft uuid default null)
    returns crier.response language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    author_ constant text := talking.name_of(_author);
    title_ constant text := nullif(btrim(_title), '');
    type_ constant text := talking.audio_type_of(crier.header('content-type'));
    id_ integer;
begin
    /* A recording with its sound, in one transaction: neither is there without the other. A draft
       that is here already was sent again, because its sender never heard so: it is not stored twice,
       also where both arrive at once. */
    if _draft is not null then
        perform pg_advisory_xact_lock(hashtextextended('talking.draft ' || _draft, 0));
        select a.recording_id into id_ from talking.audio a where a.draft = _draft;
        if found then
            return crier.respond(201, jsonb_build_object('id', id_), location => '/api/recordings/' || id_);
        end if;
    end if;
    if length(title_) > 200 then
        raise sqlstate 'PT422' using message = 'A title has at most 200 characters';
    elsif octet_length(_bytes) = 0 then
        raise sqlstate 'PT422' using message = 'There is no sound in it',
            detail = 'The body of the request is the audio file.';
    elsif octet_length(_bytes) > 16777216 then
        raise sqlstate 'PT413' using message = 'A recording has at most 16 MiB';
    elsif _duration_ms not between 0 and 86400000 then
        raise sqlstate 'PT422' using message = 'duration_ms is 0 to 86400000, a day';
    elsif _peaks !~ '^[A-Za-z0-9_-]{8,240}$' then
        raise sqlstate 'PT422' using message = 'peaks are 8 to 240 of A–Z, a–z, 0–9, - and _, which are 0 to 63';
    elsif not exists (select from talking.recordings r where r.id = _parent_id) and _parent_id is not null then
        raise sqlstate 'PT422' using message = format('There is no recording %s to reply to', _parent_id);
    end if;
    insert into talking.recordings (parent_id, author, title, duration_ms)
    values (_parent_id, author_, title_, _duration_ms)
    returning id into id_;
    insert into talking.audio (recording_id, type, bytes, peaks, draft) values (id_, type_, _bytes, _peaks, _draft);
    return crier.respond(201, jsonb_build_object('id', id_), location => '/api/recordings/' || id_);
end
$$;
comment on function talking.create_recording(bytea, text, text, integer, integer, text, uuid) is
    'POST /api/recordings?author=…&title=…[&parent_id=…][&duration_ms=…][&peaks=…][&draft=…], audio as body: 201 with its Location. The same draft, a UUID, is stored once however often it is sent.';
