// The rule of plugins/matchmutual, in C without a library: the same answers for
// every pair. Built with Debian's clang 14 and lld:
//
//   clang --target=wasm32 -nostdlib -ffreestanding -O3 -mbulk-memory \
//     -Wl,--no-entry -Wl,--strip-all -o matchmutual.wasm matchmutual.c

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;

#define EXPORT(name) __attribute__((export_name(#name)))

typedef struct {
  u64 tags, langs;
  i64 since_ms;
  u8 gender, seeking, age, age_min, age_max;
} profile;

static struct {
  i32 tag_weight, lang_weight, age_weight, age_span, age_window, wait_weight, wait_cap;
} params;

static const char manifest[] =
  "{\"name\":\"match-mutual\",\"version\":\"1.0.0\",\"hooks\":[\"match\"],"
  "\"rows\":{\"size\":32,\"fields\":["
  "{\"name\":\"tags\",\"offset\":0,\"type\":\"u64\"},{\"name\":\"langs\",\"offset\":8,\"type\":\"u64\"},"
  "{\"name\":\"since_ms\",\"offset\":16,\"type\":\"i64\"},{\"name\":\"gender\",\"offset\":24,\"type\":\"u8\"},"
  "{\"name\":\"seeking\",\"offset\":25,\"type\":\"u8\"},{\"name\":\"age\",\"offset\":26,\"type\":\"u8\"},"
  "{\"name\":\"age_min\",\"offset\":27,\"type\":\"u8\"},{\"name\":\"age_max\",\"offset\":28,\"type\":\"u8\"}]},"
  "\"params\":{\"size\":28,\"fields\":["
  "{\"name\":\"tag_weight\",\"offset\":0,\"type\":\"i32\",\"default\":10,\"min\":0,\"max\":1000,\"unit\":\"points\"},"
  "{\"name\":\"lang_weight\",\"offset\":4,\"type\":\"i32\",\"default\":15,\"min\":0,\"max\":1000,\"unit\":\"points\"},"
  "{\"name\":\"age_weight\",\"offset\":8,\"type\":\"i32\",\"default\":4,\"min\":0,\"max\":1000,\"unit\":\"points\"},"
  "{\"name\":\"age_span\",\"offset\":12,\"type\":\"i32\",\"default\":10,\"min\":0,\"max\":50,\"unit\":\"years\"},"
  "{\"name\":\"age_window\",\"offset\":16,\"type\":\"i32\",\"default\":0,\"min\":0,\"max\":20,\"unit\":\"years\"},"
  "{\"name\":\"wait_weight\",\"offset\":20,\"type\":\"i32\",\"default\":6,\"min\":0,\"max\":1000,\"unit\":\"points\"},"
  "{\"name\":\"wait_cap\",\"offset\":24,\"type\":\"i32\",\"default\":15,\"min\":0,\"max\":240,\"unit\":\"minutes\"}]}}";

extern u8 __heap_base;
static u32 heap;
static profile *rows;

EXPORT(sky_abi) i32 sky_abi(void) { return 1; }

EXPORT(sky_manifest) i64 sky_manifest(void) { return (i64)((u64)(u32)manifest << 32 | (sizeof manifest - 1)); }

EXPORT(sky_params) void *sky_params(void) { return &params; }

EXPORT(sky_alloc) u32 sky_alloc(u32 n) {
  if (heap == 0) heap = ((u32)&__heap_base + 7) & ~7u;
  u64 end = ((u64)heap + n + 7) & ~7ull;
  u64 have = (u64)__builtin_wasm_memory_size(0) << 16;
  if (end > have && __builtin_wasm_memory_grow(0, (end - have + 65535) >> 16) == (u32)-1) return 0;
  u32 at = heap;
  heap = (u32)end;
  return at;
}

EXPORT(sky_rows) profile *sky_rows(u32 capacity) { return rows = (profile *)sky_alloc(capacity * sizeof(profile)); }

static int wants(const profile *a, const profile *b) { return b->gender < 8 && (a->seeking >> b->gender & 1); }

static int in_range(const profile *a, const profile *b) {
  i32 age = b->age;
  return age >= a->age_min - params.age_window && (a->age_max == 0 || age <= a->age_max + params.age_window);
}

static i32 waiting(i64 now, const profile *who) {
  if (who->since_ms >= now) return 0;
  u64 halves = ((u64)now - (u64)who->since_ms) / 30000, most = (u64)(2 * params.wait_cap);
  return (i32)(halves < most ? halves : most) * params.wait_weight / 2;
}

static i32 score(i64 now, const profile *viewer, const profile *other) {
  if (!wants(viewer, other) || !wants(other, viewer) || !in_range(viewer, other) || !in_range(other, viewer))
    return -2147483647 - 1;
  i32 apart = viewer->age - other->age;
  if (apart < 0) apart = -apart;
  apart = params.age_span - apart;
  return params.tag_weight * __builtin_popcountll(viewer->tags & other->tags) +
         params.lang_weight * __builtin_popcountll(viewer->langs & other->langs) +
         params.age_weight * (apart > 0 ? apart : 0) + waiting(now, viewer) + waiting(now, other);
}

EXPORT(sky_score) void sky_score(i64 now, u32 viewer, u32 first, u32 count, i32 *out) {
  for (u32 i = 0; i < count; i++) out[i] = score(now, &rows[viewer], &rows[first + i]);
}

EXPORT(sky_score_for) void sky_score_for(i64 now, u32 candidate, u32 first, u32 count, i32 *out) {
  for (u32 i = 0; i < count; i++) out[i] = score(now, &rows[first + i], &rows[candidate]);
}
