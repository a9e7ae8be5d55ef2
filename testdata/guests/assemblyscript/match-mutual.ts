// match-mutual in AssemblyScript: the rule of plugins/matchmutual, number for
// number, over ABI version 1 with nothing but the compiler.
// schemas/plugin/v1/ABI.md says what each export is for.

// Rows and params are read where the host wrote them.
@unmanaged
class Profile {
  tags: u64;
  langs: u64;
  since_ms: i64;
  gender: u8;
  seeking: u8;
  age: u8;
  age_min: u8;
  age_max: u8; // 0: no upper bound
}
const rowSize: u32 = 32; // Profile, aligned to 8

@unmanaged
class Params {
  tag_weight: i32;
  lang_weight: i32;
  age_weight: i32;
  age_span: i32;
  age_window: i32;
  wait_weight: i32;
  wait_cap: i32;
}

function field(name: string, offset: string, type: string): string {
  return '{"name":"' + name + '","offset":' + offset + ',"type":"' + type + '"}';
}

function param(name: string, offset: string, value: string, max: string, unit: string, help: string): string {
  return '{"name":"' + name + '","offset":' + offset + ',"type":"i32","default":' + value + ',"min":0,"max":' + max + ',"unit":"' + unit + '","help":"' + help + '"}';
}

function manifest(): string {
  return '{"name":"match-mutual","version":"1.0.0","hooks":["match"],"rows":{"size":32,"fields":['
    + field("tags", "0", "u64") + "," + field("langs", "8", "u64") + "," + field("since_ms", "16", "i64") + "," + field("gender", "24", "u8") + ","
    + field("seeking", "25", "u8") + "," + field("age", "26", "u8") + "," + field("age_min", "27", "u8") + "," + field("age_max", "28", "u8")
    + ']},"params":{"size":28,"fields":['
    + param("tag_weight", "0", "10", "1000", "points", "for each tag in common") + ","
    + param("lang_weight", "4", "15", "1000", "points", "for each language in common") + ","
    + param("age_weight", "8", "4", "1000", "points", "for each year they are closer than age_span") + ","
    + param("age_span", "12", "10", "50", "years", "beyond this difference age earns nothing") + ","
    + param("age_window", "16", "0", "20", "years", "years tolerated outside the wished range, either side") + ","
    + param("wait_weight", "20", "6", "1000", "points", "for each minute either has waited") + ","
    + param("wait_cap", "24", "15", "240", "minutes", "waiting longer earns no more")
    + "]}}";
}

const params = changetype<Params>(memory.data(28, 8));
let rows: usize = 0;

// --- the rule

// @ts-ignore: decorators on functions are AssemblyScript's own
@inline
function wants(a: Profile, b: Profile): bool {
  return b.gender < 8 && ((a.seeking >> b.gender) & 1) != 0;
}

// @ts-ignore
@inline
function inRange(a: Profile, b: Profile): bool {
  const age = <i32>b.age;
  return age >= <i32>a.age_min - params.age_window && (a.age_max == 0 || age <= <i32>a.age_max + params.age_window);
}

// Whole half minutes; the difference is exact in 64 bits without a sign.
// @ts-ignore
@inline
function waiting(now: i64, who: Profile): i32 {
  if (who.since_ms >= now) return 0;
  const halves = (<u64>now - <u64>who.since_ms) / 30000;
  const most = 2 * <u64>params.wait_cap;
  return <i32>(halves < most ? halves : most) * params.wait_weight / 2;
}

function score(now: i64, viewer: Profile, other: Profile): i32 {
  if (!wants(viewer, other) || !wants(other, viewer) || !inRange(viewer, other) || !inRange(other, viewer)) return i32.MIN_VALUE;
  let points = params.tag_weight * <i32>popcnt<u64>(viewer.tags & other.tags);
  points += params.lang_weight * <i32>popcnt<u64>(viewer.langs & other.langs);
  points += params.age_weight * max<i32>(0, params.age_span - abs<i32>(<i32>viewer.age - <i32>other.age));
  return points + waiting(now, viewer) + waiting(now, other);
}

// @ts-ignore
@inline
function row(n: u32): Profile {
  return changetype<Profile>(rows + <usize>n * rowSize);
}

// --- ABI version 1

export function sky_abi(): i32 {
  return 1;
}

export function sky_manifest(): i64 {
  const text = String.UTF8.encode(manifest());
  return (<i64>changetype<usize>(text) << 32) | <i64>text.byteLength;
}

export function sky_alloc(bytes: u32): usize {
  return zeroed(bytes);
}

export function sky_params(): usize {
  return changetype<usize>(params);
}

export function sky_rows(capacity: u32): usize {
  if (rows != 0) heap.free(rows);
  rows = zeroed(capacity * rowSize);
  return rows;
}

// Blocks of the stub runtime are aligned to 16.
function zeroed(bytes: usize): usize {
  const at = heap.alloc(bytes);
  memory.fill(at, 0, bytes);
  return at;
}

export function sky_score(now: i64, viewer: u32, first: u32, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    store<i32>(out + (<usize>i << 2), score(now, row(viewer), row(first + i)));
  }
}

export function sky_score_for(now: i64, candidate: u32, first: u32, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    store<i32>(out + (<usize>i << 2), score(now, row(first + i), row(candidate)));
  }
}
