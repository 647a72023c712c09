const LANGUAGE = undefined; // the browser's own

const full = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeZone: "UTC" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "long" });

const here = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium" });

const MONTH_S = 2_629_800;
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 minutes ago", "in 2 hours", "just now"; beyond a month the date, for "last year" tells no two apart. */
export function timeAgo(at: Date, now: Date): string {
  const seconds = (at.getTime() - now.getTime()) / 1_000;
  if (Math.abs(seconds) >= MONTH_S) return here.format(at);
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return Math.abs(seconds) < 10 ? "just now" : relative.format(Math.trunc(seconds), "second");
}

/** 1 -> "1 file", 12 -> "12 files". */
export function count(many: number, one: string, more = `${one}s`): string {
  return `${number(many)} ${many === 1 ? one : more}`;
}

/** Round numbers that lie between two, about five of them. */
export function roundBetween(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, place) => Number(((first + place) * step).toPrecision(10)));
}

/** Date and time in the reader's zone. */
export function dateTime(at: string | Date): string {
  return full.format(new Date(at));
}

/** The date alone, in UTC: for event time, where a flight of 1 July must not become one of 30 June. */
export function date(at: string | Date): string {
  return day.format(new Date(at));
}

/** 12,345 · 0.1235 · 1.2e-7: as many digits as tell something. */
export function number(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size < 1e-4) return value.toExponential(2);
  if (size >= 1_000) return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
  return value.toLocaleString("en-US", { maximumSignificantDigits: digits });
}

/** 0.1234 -> "12.3 %". */
export function percent(share: number, decimals = 1): string {
  return `${(share * 100).toFixed(decimals)} %`;
}

/** 1536 -> "1.5 KiB". */
export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(count, 1)) / 10), units.length - 1);
  return `${(count / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** Seconds as people say them: "850 ms", "12 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** An amount with its currency, whole when it is large; the sign always stands before it. */
export function money(amount: string | number, currency: string): string {
  const value = Number(amount);
  const digits = Math.abs(value) >= 1_000 || Number.isInteger(value) ? 0 : 2;
  const text = Math.abs(value).toLocaleString("en-US", { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits });
  return value < 0 ? `−${text}` : text;
}

const OWN = { releases: "release", jobs: "job" } as Record<string, string>;

/** "data.version_committed" -> "version committed"; where that says too little: "releases.decided" -> "release decided". */
export function plainType(type: string): string {
  const [stage = "", what = type] = type.split(".");
  return what.includes("_") ? what.replaceAll("_", " ") : `${OWN[stage] ?? stage} ${what}`;
}
