// The rule of plugins/matchmutual, in AssemblyScript: the same answers for
// every pair. Built with assemblyscript 0.28:
//
//   asc matchmutual.ts -O3 --noAssert --runtime stub --use abort= -o matchmutual.wasm

const manifest = String.UTF8.encode(
  '{"name":"match-mutual","version":"1.0.0","hooks":["match"],' +
  '"rows":{"size":32,"fields":[' +
  '{"name":"tags","offset":0,"type":"u64"},{"name":"langs","offset":8,"type":"u64"},' +
  '{"name":"since_ms","offset":16,"type":"i64"},{"name":"gender","offset":24,"type":"u8"},' +
  '{"name":"seeking","offset":25,"type":"u8"},{"name":"age","offset":26,"type":"u8"},' +
  '{"name":"age_min","offset":27,"type":"u8"},{"name":"age_max","offset":28,"type":"u8"}]},' +
  '"params":{"size":28,"fields":[' +
  '{"name":"tag_weight","offset":0,"type":"i32","default":10,"min":0,"max":1000,"unit":"points"},' +
  '{"name":"lang_weight","offset":4,"type":"i32","default":15,"min":0,"max":1000,"unit":"points"},' +
  '{"name":"age_weight","offset":8,"type":"i32","default":4,"min":0,"max":1000,"unit":"points"},' +
  '{"name":"age_span","offset":12,"type":"i32","default":10,"min":0,"max":50,"unit":"years"},' +
  '{"name":"age_window","offset":16,"type":"i32","default":0,"min":0,"max":20,"unit":"years"},' +
  '{"name":"wait_weight","offset":20,"type":"i32","default":6,"min":0,"max":1000,"unit":"points"},' +
  '{"name":"wait_cap","offset":24,"type":"i32","default":15,"min":0,"max":240,"unit":"minutes"}]}}');

@unmanaged class Profile {
  tags: u64; langs: u64; since: i64;
  gender: u8; seeking: u8; age: u8; ageMin: u8; ageMax: u8;
}

@unmanaged class Params {
  tagWeight: i32; langWeight: i32; ageWeight: i32; ageSpan: i32; ageWindow: i32; waitWeight: i32; waitCap: i32;
}

const rowSize: usize = 32;
const params = changetype<Params>(heap.alloc(28));
let rows: usize = 0;

export function sky_abi(): i32 { return 1; }

export function sky_manifest(): i64 { return <i64>((<u64>changetype<usize>(manifest)) << 32 | <u64>manifest.byteLength); }

export function sky_params(): usize { return changetype<usize>(params); }

export function sky_alloc(n: usize): usize { return heap.alloc(n); }

export function sky_rows(capacity: u32): usize { return rows = heap.alloc(<usize>capacity * rowSize); }

// @ts-ignore: decorator
@inline function row(i: u32): Profile { return changetype<Profile>(rows + <usize>i * rowSize); }

// @ts-ignore: decorator
@inline function wants(a: Profile, b: Profile): bool { return b.gender < 8 && ((<u32>a.seeking >> <u32>b.gender) & 1) != 0; }

// @ts-ignore: decorator
@inline function inRange(a: Profile, b: Profile): bool {
  const age = <i32>b.age;
  return age >= <i32>a.ageMin - params.ageWindow && (a.ageMax == 0 || age <= <i32>a.ageMax + params.ageWindow);
}

// @ts-ignore: decorator
@inline function waiting(now: i64, who: Profile): i32 {
  if (who.since >= now) return 0;
  return <i32>min<u64>((<u64>now - <u64>who.since) / 30000, <u64>(2 * params.waitCap)) * params.waitWeight / 2;
}

// @ts-ignore: decorator
@inline function score(now: i64, viewer: Profile, other: Profile): i32 {
  if (!wants(viewer, other) || !wants(other, viewer) || !inRange(viewer, other) || !inRange(other, viewer)) return i32.MIN_VALUE;
  return params.tagWeight * <i32>popcnt<u64>(viewer.tags & other.tags) +
    params.langWeight * <i32>popcnt<u64>(viewer.langs & other.langs) +
    params.ageWeight * max<i32>(0, params.ageSpan - abs<i32>(<i32>viewer.age - <i32>other.age)) +
    waiting(now, viewer) + waiting(now, other);
}

export function sky_score(now: i64, viewer: u32, first: u32, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) store<i32>(out + (<usize>i << 2), score(now, row(viewer), row(first + i)));
}

export function sky_score_for(now: i64, candidate: u32, first: u32, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) store<i32>(out + (<usize>i << 2), score(now, row(first + i), row(candidate)));
}
