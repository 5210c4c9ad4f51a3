create or replace function feeds.random_text(pattern text)
    returns text language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    result text := pattern;
    kind text;
begin
    /* A pattern with each capital letter that stands alone replaced by a word of its kind. */
    loop
        kind := (regexp_match(result, '\m[NVJBWFG]\M'))[1];
        exit when kind is null;
        result := regexp_replace(result, '\m[NVJBWFG]\M', feeds.pick(case kind
            when 'N' then
                    'accordion badger bakery bicycle cactus dragon gardener hedgehog kettle '
                    'lantern librarian lighthouse magpie moon otter penguin piano pigeon postman '
                    'sofa teapot tortoise tram trombone umbrella violin walrus wardrobe'
            when 'V' then
                    'adopted applauded befriended borrowed chased confused decorated followed '
                    'forgave hugged imitated interviewed married photographed serenaded surprised '
                    'tickled trained trusted visited'
            when 'J' then
                    'brave bright careful cheerful clumsy curious dusty famous forgetful gentle '
                    'grumpy humble jealous lucky mysterious nervous noisy patient polite proud '
                    'purple quiet rusty shy sleepy tiny velvet wandering'
            when 'B' then
                    'bakery cinema kitchen library lighthouse museum school station swimming-pool '
                    'theatre'
            when 'W' then
                    'Bergen Bologna Cork Dakar Ghent Kyoto Leipzig Lisbon Ljubljana Lublin '
                    'Montevideo Nairobi Porto Riga Tartu Utrecht Valparaíso Yerevan'
            when 'F' then
                    'Amara Bao Chiara Dmitri Elif Farid Greta Hiroshi Imani Jonas Kateryna Luis '
                    'Mei Noor Oskar Priya Quentin Rosa Samir Tove Uma Viktor Wanjiru Yusuf Zofia'
            when 'G' then
                    'Abara Bianchi Castillo Demir Eriksen Fofanah Górska Haddad Ito Jansen Kovač '
                    'Lindqvist Moreau Nakamura Okafor Petrov Quispe Rossi Santos Tanaka Ueda '
                    'Varga Weber Yılmaz Zhang'
            end));
    end loop;
    return result;
end
$$;
comment on function feeds.random_text(text) is
    'Private: a pattern filled with random words: N noun, V verb, J adjective, B building, W town, F first and G last name.';
revoke all on function feeds.random_text(text) from public;
