SELECT * FROM consume(NULL::entity_events, 'bench', max => :max);
