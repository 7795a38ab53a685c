// A summary of a long row of numbers that tells a peer where its own row differs, at four bytes a difference however long
// the rows are. Intuition: n numbers are the coefficients of a sum of powers; the sums over both rows differ by the sum over
// the few places alone, and 2t such sums determine t places and values, as Reed-Solomon decoding finds t errors.
// After Dodis, Reyzin, Smith: "Fuzzy Extractors" (PinSketch, 2004); Berlekamp-Massey (1969) finds the places, Forney (1965)
// the values. Bloom-like tables (IBLT) take three times the bytes; this takes work of n·t, which `maxWork` bounds.

/** The largest prime below 2^16: a symbol takes two bytes. A difference of a multiple of it stays unseen. */
const prime = 65_521
/** Multiplications that one summary may cost, some 20 ms: what would cost more is told in full. */
export const maxWork = 2_000_000
/** Longest row: places are numbers of the field, and 0 is none. */
const maxPlaces = prime - 1

type Row = Uint32Array<ArrayBuffer>

/** Bytes of a symbol; two symbols are taken for each difference. */
export const symbolBytes = 2

/** Whether a summary of that many differences of a row of that length costs no more than `maxWork`. */
export function isAffordable(row: number, differences: number): boolean {
  return row <= maxPlaces && 2 * row * differences <= maxWork && 4 * differences * differences <= maxWork
}

/** The summary that tells up to `differences` of them. */
export function sketchOf(row: readonly number[], differences: number): Uint8Array {
  const symbols = symbolsOf(row, 2 * differences)
  const bytes = new Uint8Array(symbols.length * symbolBytes)
  const view = new DataView(bytes.buffer)
  for (const [k, symbol] of symbols.entries()) view.setUint16(k * symbolBytes, symbol)
  return bytes
}

/**
 * How much larger the other row is, by place; undefined when the summary tells fewer than there are. More than half the
 * prime looks like a negative difference, and too many may look like a few: the caller has to check the outcome.
 */
export function differences(sketch: Uint8Array, row: readonly number[]): Map<number, number> | undefined {
  const count = Math.floor(sketch.length / symbolBytes)
  const view = new DataView(sketch.buffer, sketch.byteOffset, sketch.byteLength)
  const own = symbolsOf(row, count)
  const sums = own.map((sum, k) => minus(view.getUint16(k * symbolBytes) % prime, sum))
  const locator = locatorOf(sums)
  return locator === undefined ? undefined : valuesAt(placesOf(locator, row.length), locator, sums)
}

/** The sums over value times place to the k, for k from 0; places count from 1. */
function symbolsOf(row: readonly number[], count: number): Row {
  const sums = new Uint32Array(count)
  for (let index = 0; index < row.length; index++) {
    let term = (row[index] as number) % prime
    for (let k = 0; k < count; k++) {
      sums[k] = plus(sums[k] as number, term)
      term = times(term, index + 1)
    }
  }
  return sums
}

/** Berlekamp-Massey: the shortest recurrence of the sums, whose roots are the places; undefined when there are too many. */
function locatorOf(sums: Row): Row | undefined {
  let current = new Uint32Array(sums.length + 1)
  let before = new Uint32Array(sums.length + 1)
  current[0] = 1
  before[0] = 1
  let length = 0
  let shift = 1
  let scale = 1
  for (let n = 0; n < sums.length; n++) {
    let gap = 0
    for (let i = 0; i <= length; i++) gap = plus(gap, times(current[i] as number, sums[n - i] as number))
    if (gap === 0) {
      shift++
      continue
    }
    const next = current.slice()
    const factor = times(gap, inverse(scale))
    for (let i = shift, last = Math.max(length, n + 1 - length); i <= last; i++) {
      next[i] = minus(next[i] as number, times(factor, before[i - shift] as number))
    }
    if (2 * length <= n) {
      length = n + 1 - length
      before = current
      scale = gap
      shift = 1
    } else {
      shift++
    }
    current = next
  }
  return 2 * length > sums.length ? undefined : current.subarray(0, length + 1)
}

/** The indices where the locator has a root: every place is tried. */
function placesOf(locator: Row, row: number): number[] {
  const found: number[] = []
  for (let index = 0; index < row && found.length < locator.length - 1; index++) {
    let value = 0
    for (let k = 0; k < locator.length; k++) value = plus(times(value, index + 1), locator[k] as number)
    if (value === 0) found.push(index)
  }
  return found
}

/** Forney: the value at each place; undefined unless every root of the locator is a place of the row. */
function valuesAt(places: readonly number[], locator: Row, sums: Row): Map<number, number> | undefined {
  const degree = locator.length - 1
  if (places.length !== degree) return undefined
  const evaluator = Uint32Array.from({ length: degree }, (_, k) => {
    let sum = 0
    for (let i = 0; i <= k; i++) sum = plus(sum, times(locator[i] as number, sums[k - i] as number))
    return sum
  })
  const derivative = locator.slice(1).map((coefficient, i) => times(coefficient, i + 1))
  const values = new Map<number, number>()
  for (const index of places) {
    const at = inverse(index + 1)
    const slope = evaluated(derivative, at)
    if (slope === 0) return undefined
    const value = times(times(prime - 1, index + 1), times(evaluated(evaluator, at), inverse(slope)))
    values.set(index, value > prime / 2 ? value - prime : value)
  }
  return values
}

function evaluated(coefficients: Row, at: number): number {
  return coefficients.reduceRight((sum, coefficient) => plus(times(sum, at), coefficient), 0)
}

function plus(a: number, b: number): number {
  const sum = a + b
  return sum >= prime ? sum - prime : sum
}

function minus(a: number, b: number): number {
  return a >= b ? a - b : a - b + prime
}

/** 2^16 is 15 in this field: what is above the low half is folded into it, four times as fast as a division. */
function times(a: number, b: number): number {
  const product = Math.imul(a, b)
  const once = (product >>> 16) * 15 + (product & 0xffff)
  const twice = (once >>> 16) * 15 + (once & 0xffff)
  return twice >= prime ? twice - prime : twice
}

/** Fermat: a to the power of prime - 2. */
function inverse(a: number): number {
  let power = 1
  let square = a
  for (let rest = prime - 2; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = times(power, square)
    square = times(square, square)
  }
  return power
}
