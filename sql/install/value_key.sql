-- What an exclusion constraint compares where no operator of its own can tell the values of a row apart.

CREATE FUNCTION veritable.value_key(VARIADIC "any") RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_value_key';

COMMENT ON FUNCTION veritable.value_key(VARIADIC "any") IS
'A text that is equal exactly when all values are pairwise IS NOT DISTINCT FROM each other, by the default B-tree equality of their types: a JSON array, as in [5.5,"EUR",null]. One longer than 120 bytes ends, after its beginning, with 128 bits of the SHA-256 of the whole.
It never changes from one version to another, so it may stand in an index.
Errors: 0A000 a type without equality, or whose equal values may have different texts; a VARIADIC array.';
