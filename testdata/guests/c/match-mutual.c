// match-mutual in C: the rule of plugins/matchmutual, number for number, over
// ABI version 1 with nothing but the compiler. schemas/plugin/v1/ABI.md says what
// each export is for.

#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define NEVER INT32_MIN

typedef struct {
	uint64_t tags;
	uint64_t langs;
	int64_t since_ms;
	uint8_t gender;
	uint8_t seeking;
	uint8_t age;
	uint8_t age_min;
	uint8_t age_max; // 0: no upper bound
} profile;

typedef struct {
	int32_t tag_weight, lang_weight, age_weight, age_span, age_window, wait_weight, wait_cap;
} params_block;

// What the manifest below says of the two.
_Static_assert(sizeof(profile) == 32 && offsetof(profile, since_ms) == 16 && offsetof(profile, gender) == 24, "row");
_Static_assert(sizeof(params_block) == 28, "params");

#define FIELD(name, offset, type) "{\"name\":\"" name "\",\"offset\":" #offset ",\"type\":\"" type "\"}"
#define PARAM(name, offset, value, max, unit, help) \
	"{\"name\":\"" name "\",\"offset\":" #offset ",\"type\":\"i32\",\"default\":" #value ",\"min\":0,\"max\":" #max ",\"unit\":\"" unit "\",\"help\":\"" help "\"}"

static const char manifest[] =
	"{\"name\":\"match-mutual\",\"version\":\"1.0.0\",\"hooks\":[\"match\"],\"rows\":{\"size\":32,\"fields\":["
	FIELD("tags", 0, "u64") "," FIELD("langs", 8, "u64") "," FIELD("since_ms", 16, "i64") "," FIELD("gender", 24, "u8") ","
	FIELD("seeking", 25, "u8") "," FIELD("age", 26, "u8") "," FIELD("age_min", 27, "u8") "," FIELD("age_max", 28, "u8")
	"]},\"params\":{\"size\":28,\"fields\":["
	PARAM("tag_weight", 0, 10, 1000, "points", "for each tag in common") ","
	PARAM("lang_weight", 4, 15, 1000, "points", "for each language in common") ","
	PARAM("age_weight", 8, 4, 1000, "points", "for each year they are closer than age_span") ","
	PARAM("age_span", 12, 10, 50, "years", "beyond this difference age earns nothing") ","
	PARAM("age_window", 16, 0, 20, "years", "years tolerated outside the wished range, either side") ","
	PARAM("wait_weight", 20, 6, 1000, "points", "for each minute either has waited") ","
	PARAM("wait_cap", 24, 15, 240, "minutes", "waiting longer earns no more")
	"]}}";

static params_block params;
static profile *rows;
static uintptr_t rows_end;

// --- memory: handed out from the heap's end, never given back

extern char __heap_base;
static uintptr_t heap_end;

static void *allocate(uintptr_t bytes) {
	if (heap_end == 0)
		heap_end = (uintptr_t)&__heap_base;
	uintptr_t at = (heap_end + 7) & ~(uintptr_t)7;
	uintptr_t have = __builtin_wasm_memory_size(0) << 16;
	if (bytes > UINT32_MAX - 0x1ffff - at)
		return NULL;
	if (at + bytes > have && __builtin_wasm_memory_grow(0, (at + bytes - have + 0xffff) >> 16) == (uintptr_t)-1)
		return NULL;
	heap_end = at + bytes;
	return (void *)at;
}

// --- the rule

static int wants(const profile *a, const profile *b) { return b->gender < 8 && (a->seeking >> b->gender & 1); }

static int in_range(const profile *a, const profile *b) {
	return b->age >= a->age_min - params.age_window && (a->age_max == 0 || b->age <= a->age_max + params.age_window);
}

// Whole half minutes; the difference is exact in 64 bits without a sign.
static int32_t waiting(int64_t now_ms, const profile *who) {
	if (who->since_ms >= now_ms)
		return 0;
	uint64_t halves = ((uint64_t)now_ms - (uint64_t)who->since_ms) / 30000, most = 2 * (uint64_t)params.wait_cap;
	return (int32_t)(halves < most ? halves : most) * params.wait_weight / 2;
}

static int32_t score(int64_t now_ms, const profile *viewer, const profile *other) {
	if (!wants(viewer, other) || !wants(other, viewer) || !in_range(viewer, other) || !in_range(other, viewer))
		return NEVER;
	int32_t points = params.tag_weight * __builtin_popcountll(viewer->tags & other->tags);
	points += params.lang_weight * __builtin_popcountll(viewer->langs & other->langs);
	int32_t apart = viewer->age > other->age ? viewer->age - other->age : other->age - viewer->age;
	if (apart < params.age_span)
		points += params.age_weight * (params.age_span - apart);
	return points + waiting(now_ms, viewer) + waiting(now_ms, other);
}

// --- ABI version 1

EXPORT(sky_abi) int32_t sky_abi(void) { return 1; }
EXPORT(sky_manifest) int64_t sky_manifest(void) { return (int64_t)(uintptr_t)manifest << 32 | (sizeof manifest - 1); }
EXPORT(sky_alloc) void *sky_alloc(uint32_t bytes) { return allocate(bytes); }
EXPORT(sky_params) params_block *sky_params(void) { return &params; }

EXPORT(sky_rows) profile *sky_rows(uint32_t capacity) {
	if (rows != NULL && heap_end == rows_end)
		heap_end = (uintptr_t)rows; // nothing was handed out since: the longer table takes the same place
	rows = capacity < 1 << 21 ? allocate((uintptr_t)capacity * sizeof(profile)) : NULL;
	rows_end = heap_end;
	return rows;
}

EXPORT(sky_score) void sky_score(int64_t now_ms, uint32_t viewer, uint32_t first, uint32_t count, int32_t *out) {
	for (uint32_t i = 0; i < count; i++)
		out[i] = score(now_ms, &rows[viewer], &rows[first + i]);
}

EXPORT(sky_score_for) void sky_score_for(int64_t now_ms, uint32_t candidate, uint32_t first, uint32_t count, int32_t *out) {
	for (uint32_t i = 0; i < count; i++)
		out[i] = score(now_ms, &rows[first + i], &rows[candidate]);
}
