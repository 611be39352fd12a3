//! The text that an exclusion constraint compares instead of a row's values: see `veritable_period::image`.

use veritable_period::image::{List, shorten};

use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::line::image::{Image, clip};
use crate::pg::line::pinned::Pinned;
use crate::pg::report::Result;

sql_function! {
    /// `veritable.value_key(VARIADIC "any") → text`
    veritable_value_key = value_key
}

/// The writers for the arguments of one call in an expression.
struct Images {
    images: Vec<Image>,
    read_settings: bool,
}

impl Images {
    fn of(call: &Call) -> Result<Images> {
        let types = call.argument_types()?.into_iter();
        let images =
            types.map(|(type_id, collation)| Ok(Image::of(type_id, collation)?)).collect::<Result<Vec<_>>>()?;
        let read_settings = images.iter().any(Image::reads_settings);
        Ok(Images { images, read_settings })
    }
}

fn value_key(call: &Call) -> Result<Answer> {
    let images = call.kept(|| Images::of(call))?;
    let pinned = images.read_settings.then(Pinned::new);
    let mut key = Vec::new();
    let mut list = List::begin(&mut key)?;
    for (position, image) in images.images.iter().enumerate() {
        image.write_argument(call, position, list.value()?)?;
    }
    list.end()?;
    drop(pinned);
    shorten(&mut key, clip);
    Ok(Answer::text(&key))
}
