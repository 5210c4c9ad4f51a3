create or replace function feeds.post_edited()
    returns trigger language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Notes when a post was last changed, and keeps its id. */
    if new.id <> old.id then
        raise exception using errcode = 'generated_always',
            message = 'the id of a post cannot be set',
            hint = 'Delete the post and insert another.';
    end if;
    if (new.title, new.content, new.author) is distinct from (old.title, old.content, old.author) then
        new.edited_at := clock_timestamp();
    end if;
    return new;
end
$$;
comment on function feeds.post_edited() is 'Trigger: notes when a post was last changed, and keeps its id.';
revoke all on function feeds.post_edited() from public;

create or replace trigger _100_post_edited
    before update on feeds.posts
    for each row execute function feeds.post_edited();
