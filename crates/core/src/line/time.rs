//! `date`, `timestamp` and `timestamptz`, at UTC.
//!
//! The arguments are PostgreSQL's own: days or microseconds since 2000-01-01, whose extreme values stand for
//! infinity. The calendar is the proleptic Gregorian one; years before 1 are written as `0044-03-15 BC`.
//! A value outside of PostgreSQL's range (from a damaged page) has a text, too: its place in the same calendar.
#![allow(clippy::indexing_slicing, reason = "a fraction has six digits")]

use super::{digits, number};

/// Writes a date as a JSON string: `"2024-01-01"`.
pub fn write_date(out: &mut Vec<u8>, days: i32) {
    quoted(out, |out| text_date(out, days));
}

/// Writes a timestamp as a JSON string: `"2024-01-01T12:34:56.789"`.
pub fn write_timestamp(out: &mut Vec<u8>, micros: i64) {
    quoted(out, |out| text(out, micros, b'T', b""));
}

/// Writes a timestamp with time zone as a JSON string: `"2024-01-01T12:34:56.789+00:00"`.
pub fn write_timestamptz(out: &mut Vec<u8>, micros: i64) {
    quoted(out, |out| text(out, micros, b'T', b"+00:00"));
}

/// Writes a date as its text, without quotes: `2024-01-01`.
pub fn text_date(out: &mut Vec<u8>, days: i32) {
    match days {
        i32::MAX => out.extend_from_slice(b"infinity"),
        i32::MIN => out.extend_from_slice(b"-infinity"),
        _ => {
            let date = Date::of(days.into());
            date.push(out);
            date.push_era(out);
        }
    }
}

/// Writes a timestamp as its text with `DateStyle = ISO`, without quotes: `2024-01-01 12:34:56.789`.
pub fn text_timestamp(out: &mut Vec<u8>, micros: i64) {
    text(out, micros, b' ', b"");
}

/// Writes a timestamp with time zone as its text with `DateStyle = ISO`, without quotes: `2024-01-01 12:34:56.789+00`.
pub fn text_timestamptz(out: &mut Vec<u8>, micros: i64) {
    text(out, micros, b' ', b"+00");
}

/// The timestamp with time zone that has this text in a line, without quotes: `2024-01-01T12:34:56.789+00:00`. `None`
/// for a text that [`write_timestamptz`] does not write.
pub fn read_timestamptz(text: &str) -> Option<i64> {
    let micros = match text {
        "infinity" => i64::MAX,
        "-infinity" => i64::MIN,
        _ => parse_timestamptz(text)?,
    };
    let mut written = Vec::new();
    self::text(&mut written, micros, b'T', b"+00:00");
    (written == text.as_bytes()).then_some(micros)
}

/// Reads the parts of the text, not strictly.
fn parse_timestamptz(text: &str) -> Option<i64> {
    let (text, is_before_christ) = text.strip_suffix(" BC").map_or((text, false), |text| (text, true));
    let (date, time) = text.strip_suffix("+00:00")?.split_once('T')?;
    let (date, day) = date.rsplit_once('-')?;
    let (year, month) = date.rsplit_once('-')?;
    let year: i64 = year.parse().ok()?;
    let year = if is_before_christ { 1_i64.checked_sub(year)? } else { year };
    let days = Date { year, month: month.parse().ok()?, day: day.parse().ok()? }.days()?;

    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut seconds = 0_i64;
    for part in time.splitn(3, ':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    days.checked_mul(86_400)?.checked_add(seconds)?.checked_mul(1_000_000)?.checked_add(micros)
}

fn quoted(out: &mut Vec<u8>, text: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    text(out);
    out.push(b'"');
}

fn text(out: &mut Vec<u8>, micros: i64, separator: u8, zone: &[u8]) {
    const MICROS_PER_DAY: i64 = 86_400_000_000;
    match micros {
        i64::MAX => out.extend_from_slice(b"infinity"),
        i64::MIN => out.extend_from_slice(b"-infinity"),
        _ => {
            let date = Date::of(micros.div_euclid(MICROS_PER_DAY));
            date.push(out);
            push_time(out, separator, micros.rem_euclid(MICROS_PER_DAY));
            out.extend_from_slice(zone);
            date.push_era(out);
        }
    }
}

/// Writes the separator and the time of day, with its fraction but without trailing zeros.
fn push_time(out: &mut Vec<u8>, separator: u8, micros: i64) {
    let seconds = (micros / 1_000_000) as u32;
    let [h, i] = digits::two(seconds / 3600);
    let [m, n] = digits::two(seconds / 60 % 60);
    let [s, t] = digits::two(seconds % 60);
    out.extend_from_slice(&[separator, h, i, b':', m, n, b':', s, t]);

    let fraction = (micros % 1_000_000) as u32;
    if fraction != 0 {
        let [a, b, c, d, e, f] = digits::six(fraction);
        let text = [b'.', a, b, c, d, e, f];
        let zeros = text.iter().rev().take_while(|&&digit| digit == b'0').count();
        out.extend_from_slice(&text[..text.len() - zeros]);
    }
}

/// The number of days in 400 years, after which the calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;

/// The number of days from 0000-03-01 to 2000-01-01.
const DAYS_TO_2000: i64 = 730_425;

/// A date of the proleptic Gregorian calendar; the year before 1 is 0.
struct Date {
    year: i64,
    month: u32,
    day: u32,
}

impl Date {
    /// The date that lies `days` after 2000-01-01.
    fn of(days: i64) -> Date {
        // A year that begins in March has its leap day at the end, and its months follow the pattern 31, 30, 31, 30,
        // 31: 153 days in five months.
        let days = days + DAYS_TO_2000;
        let era = days.div_euclid(DAYS_PER_ERA);
        let day_of_era = days.rem_euclid(DAYS_PER_ERA) as u32;
        let leap_days = day_of_era / 1_460 + day_of_era / 146_096 - day_of_era / 36_524;
        let year_of_era = (day_of_era - leap_days) / 365;
        let day_of_year = day_of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (day_of_year * 5 + 2) / 153;
        let day = day_of_year - (month_from_march * 153 + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + i64::from(year_of_era) + i64::from(month <= 2);
        Date { year, month, day }
    }

    /// The number of days from 2000-01-01 to the date: the inverse of [`Date::of`].
    fn days(&self) -> Option<i64> {
        let (year, month_from_march) = match self.month {
            1..=2 => (self.year.checked_sub(1)?, i64::from(self.month) + 9),
            3..=12 => (self.year, i64::from(self.month) - 3),
            _ => return None,
        };
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (month_from_march * 153 + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era.checked_mul(DAYS_PER_ERA)?.checked_add(day_of_era - DAYS_TO_2000)
    }

    fn push(&self, out: &mut Vec<u8>) {
        let year = if self.year > 0 { self.year } else { 1 - self.year };
        if year <= 9999 {
            out.extend_from_slice(&digits::four(year as u32));
        } else {
            number::write_integer(out, year);
        }
        let [m, n] = digits::two(self.month);
        let [d, e] = digits::two(self.day);
        out.extend_from_slice(&[b'-', m, n, b'-', d, e]);
    }

    fn push_era(&self, out: &mut Vec<u8>) {
        if self.year <= 0 {
            out.extend_from_slice(b" BC");
        }
    }
}
