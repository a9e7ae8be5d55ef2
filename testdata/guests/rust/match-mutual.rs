// match-mutual in Rust: the rule of plugins/matchmutual, number for number, over
// ABI version 1 without the standard library. schemas/plugin/v1/ABI.md says what
// each export is for.
#![no_std]

use core::arch::wasm32;
use core::mem::size_of;

#[repr(C)]
struct Profile {
    tags: u64,
    langs: u64,
    since_ms: i64,
    gender: u8,
    seeking: u8,
    age: u8,
    age_min: u8,
    age_max: u8, // 0: no upper bound
}

#[repr(C)]
struct Params {
    tag_weight: i32,
    lang_weight: i32,
    age_weight: i32,
    age_span: i32,
    age_window: i32,
    wait_weight: i32,
    wait_cap: i32,
}

// What the manifest below says of the two.
const _: () = assert!(size_of::<Profile>() == 32 && size_of::<Params>() == 28);

static MANIFEST: &str = concat!(
    r#"{"name":"match-mutual","version":"1.0.0","hooks":["match"],"rows":{"size":32,"fields":["#,
    r#"{"name":"tags","offset":0,"type":"u64"},{"name":"langs","offset":8,"type":"u64"},{"name":"since_ms","offset":16,"type":"i64"},"#,
    r#"{"name":"gender","offset":24,"type":"u8"},{"name":"seeking","offset":25,"type":"u8"},{"name":"age","offset":26,"type":"u8"},"#,
    r#"{"name":"age_min","offset":27,"type":"u8"},{"name":"age_max","offset":28,"type":"u8"}]},"params":{"size":28,"fields":["#,
    r#"{"name":"tag_weight","offset":0,"type":"i32","default":10,"min":0,"max":1000,"unit":"points","help":"for each tag in common"},"#,
    r#"{"name":"lang_weight","offset":4,"type":"i32","default":15,"min":0,"max":1000,"unit":"points","help":"for each language in common"},"#,
    r#"{"name":"age_weight","offset":8,"type":"i32","default":4,"min":0,"max":1000,"unit":"points","help":"for each year they are closer than age_span"},"#,
    r#"{"name":"age_span","offset":12,"type":"i32","default":10,"min":0,"max":50,"unit":"years","help":"beyond this difference age earns nothing"},"#,
    r#"{"name":"age_window","offset":16,"type":"i32","default":0,"min":0,"max":20,"unit":"years","help":"years tolerated outside the wished range, either side"},"#,
    r#"{"name":"wait_weight","offset":20,"type":"i32","default":6,"min":0,"max":1000,"unit":"points","help":"for each minute either has waited"},"#,
    r#"{"name":"wait_cap","offset":24,"type":"i32","default":15,"min":0,"max":240,"unit":"minutes","help":"waiting longer earns no more"}"#,
    "]}}"
);

// A module runs one call at a time, so these are nobody else's.
static mut PARAMS: Params = Params { tag_weight: 0, lang_weight: 0, age_weight: 0, age_span: 0, age_window: 0, wait_weight: 0, wait_cap: 0 };
static mut ROWS: *mut Profile = core::ptr::null_mut();
static mut ROWS_END: usize = 0;
static mut HEAP_END: usize = 0;

extern "C" {
    static __heap_base: u8;
}

// Memory is handed out from the heap's end and never given back; 0 if there is no more.
unsafe fn allocate(bytes: usize) -> usize {
    if HEAP_END == 0 {
        HEAP_END = &__heap_base as *const u8 as usize;
    }
    let at = (HEAP_END + 7) & !7;
    let end = match at.checked_add(bytes) {
        Some(end) if end < usize::MAX - 0xffff => end,
        _ => return 0,
    };
    let have = wasm32::memory_size(0) << 16;
    if end > have && wasm32::memory_grow(0, (end - have + 0xffff) >> 16) == usize::MAX {
        return 0;
    }
    HEAP_END = end;
    at
}

// --- the rule

fn wants(a: &Profile, b: &Profile) -> bool {
    b.gender < 8 && a.seeking >> b.gender & 1 != 0
}

fn in_range(p: &Params, a: &Profile, b: &Profile) -> bool {
    let age = b.age as i32;
    age >= a.age_min as i32 - p.age_window && (a.age_max == 0 || age <= a.age_max as i32 + p.age_window)
}

// Whole half minutes; the difference is exact in 64 bits without a sign.
fn waiting(now: i64, p: &Params, who: &Profile) -> i32 {
    if who.since_ms >= now {
        return 0;
    }
    let halves = (now as u64).wrapping_sub(who.since_ms as u64) / 30_000;
    halves.min(2 * p.wait_cap as u64) as i32 * p.wait_weight / 2
}

fn score(now: i64, p: &Params, viewer: &Profile, other: &Profile) -> i32 {
    if !wants(viewer, other) || !wants(other, viewer) || !in_range(p, viewer, other) || !in_range(p, other, viewer) {
        return i32::MIN;
    }
    let mut points = p.tag_weight * (viewer.tags & other.tags).count_ones() as i32;
    points += p.lang_weight * (viewer.langs & other.langs).count_ones() as i32;
    points += p.age_weight * (p.age_span - (viewer.age as i32 - other.age as i32).abs()).max(0);
    points + waiting(now, p, viewer) + waiting(now, p, other)
}

// --- ABI version 1

#[no_mangle]
pub extern "C" fn sky_abi() -> i32 {
    1
}

#[no_mangle]
pub extern "C" fn sky_manifest() -> i64 {
    (MANIFEST.as_ptr() as i64) << 32 | MANIFEST.len() as i64
}

#[no_mangle]
pub unsafe extern "C" fn sky_alloc(bytes: usize) -> usize {
    allocate(bytes)
}

#[no_mangle]
pub unsafe extern "C" fn sky_params() -> usize {
    core::ptr::addr_of!(PARAMS) as usize
}

#[no_mangle]
pub unsafe extern "C" fn sky_rows(capacity: usize) -> usize {
    if !ROWS.is_null() && HEAP_END == ROWS_END {
        HEAP_END = ROWS as usize; // nothing was handed out since: the longer table takes the same place
    }
    let bytes = capacity.checked_mul(size_of::<Profile>());
    ROWS = bytes.map_or(0, |b| allocate(b)) as *mut Profile;
    ROWS_END = HEAP_END;
    ROWS as usize
}

#[no_mangle]
pub unsafe extern "C" fn sky_score(now: i64, viewer: usize, first: usize, count: usize, out: *mut i32) {
    let (p, viewer) = (&*core::ptr::addr_of!(PARAMS), &*ROWS.add(viewer));
    for i in 0..count {
        *out.add(i) = score(now, p, viewer, &*ROWS.add(first + i));
    }
}

#[no_mangle]
pub unsafe extern "C" fn sky_score_for(now: i64, candidate: usize, first: usize, count: usize, out: *mut i32) {
    let (p, candidate) = (&*core::ptr::addr_of!(PARAMS), &*ROWS.add(candidate));
    for i in 0..count {
        *out.add(i) = score(now, p, &*ROWS.add(first + i), candidate);
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    wasm32::unreachable()
}
