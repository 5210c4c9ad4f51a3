do $$
begin
    if to_regtype('crier.json_text') is null then
        create domain crier.json_text as text;
    end if;
end
$$;
comment on domain crier.json_text is
    'Text that its function vouches for to be JSON; spares the time that json and jsonb take on big documents and their limit of depth.';
