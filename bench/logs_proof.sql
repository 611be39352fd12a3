\set position random(1, :last)
SELECT inclusion_proof('many', :position);
