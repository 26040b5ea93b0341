// Values as a reader likes them. Times are shown in the reader's own zone, and in full where one points at them.

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });
const COUNT = new Intl.NumberFormat("en-GB");

/** @param {string | null | undefined} text ISO 8601 */
export function formatTime(text) {
  if (!text) return "";
  const time = new Date(text);
  return `${DAY.format(time)}, ${CLOCK.format(time)}`;
}

/** @param {string | null | undefined} text ISO 8601 */
export function formatFullTime(text) {
  return text ? `${FULL.format(new Date(text))} (${text})` : "";
}

/**
 * How long something took.
 *
 * @param {string | null | undefined} from ISO 8601
 * @param {string | null | undefined} to ISO 8601
 * @returns {string} such as `2 h 05 min`; empty where either is unknown
 */
export function formatDuration(from, to) {
  if (!from || !to) return "";
  return formatSeconds((Date.parse(to) - Date.parse(from)) / 1000);
}

/** @param {number} seconds */
export function formatSeconds(seconds) {
  if (!(seconds >= 0)) return "";
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (number) => String(number).padStart(2, "0");
  const and = (number, unit) => (number ? ` ${two(number)} ${unit}` : "");
  if (whole < 3600) return `${Math.floor(whole / 60)} min${and(whole % 60, "s")}`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h${and(minutes % 60, "min")}`;
  return `${Math.round(minutes / 1440)} days`;
}

/** @param {number} count */
export function formatCount(count) {
  return COUNT.format(count);
}

/**
 * A number in few digits, and never another number: what is cut is cut after four that count.
 *
 * @param {number} number
 */
export function formatNumber(number) {
  if (!Number.isFinite(number)) return String(number);
  if (Number.isInteger(number)) return Math.abs(number) < 1e15 ? String(number) : number.toExponential();
  const size = Math.abs(number);
  if (size >= 1e6 || size < 1e-4) return String(Number(number.toPrecision(4)).toExponential());
  return String(Number(number.toPrecision(5)));
}

/**
 * Any JSON value in one line.
 *
 * @param {unknown} value
 * @returns {string} empty for null
 */
export function formatValue(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return formatNumber(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** @param {string} name `DATA_SET` or `MARKED_FOR_DELETION` @returns {string} `Data set` */
export function formatEnum(name) {
  const words = name.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {number} count @param {string} one @param {string} [many] */
export function plural(count, one, many = `${one}s`) {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
