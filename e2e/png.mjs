// Makes screenshots small: a page of flat colours needs no more than the 256 of a palette.
import { deflateSync, inflateSync } from 'node:zlib'

const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])

/** lighter writes a PNG of true colour, as Chromium makes it, with a palette: the main colours as they are, the others rounded until they fit. */
export function lighter(png) {
  const { width, height, channels, data } = decode(png), seen = new Map()
  for (let at = 0; at < data.length; at += channels) {
    const colour = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
    seen.set(colour, (seen.get(colour) ?? 0) + 1)
  }
  const main = new Set([...seen].sort((a, b) => b[1] - a[1]).slice(0, 64).map(([colour]) => colour))
  for (const step of [1, 4, 8, 16, 24, 32, 48, 64]) {
    const palette = new Map(), pixels = Buffer.alloc(height * (width + 1))
    const round = v => Math.min(255, Math.round(v / step) * step)
    let fits = true
    for (let y = 0, at = 0; y < height && fits; y++) {
      for (let x = 0; x < width; x++, at += channels) {
        let colour = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
        if (!main.has(colour)) { colour = round(data[at]) << 16 | round(data[at + 1]) << 8 | round(data[at + 2]) }
        let index = palette.get(colour)
        if (index === undefined) {
          index = palette.size
          if (index === 256) { fits = false; break }
          palette.set(colour, index)
        }
        pixels[y * (width + 1) + 1 + x] = index
      }
    }
    if (fits) { return encode(width, height, [...palette.keys()], pixels) }
  }
  return png // a photo
}

/** decode reads what Chromium writes: 8 bits, RGB or RGBA, not interlaced. */
function decode(png) {
  if (!png.subarray(0, 8).equals(signature)) { throw new Error('not a PNG') }
  let width, height, channels
  const parts = []
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at), type = png.toString('latin1', at + 4, at + 8), body = png.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') {
      width = body.readUInt32BE(0)
      height = body.readUInt32BE(4)
      channels = { 2: 3, 6: 4 }[body[9]]
      if (body[8] !== 8 || !channels || body[12]) { throw new Error('a PNG of another kind') }
    }
    if (type === 'IDAT') { parts.push(body) }
    at += length + 12
  }
  const raw = inflateSync(Buffer.concat(parts)), line = width * channels, data = Buffer.alloc(height * line)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (line + 1)]
    for (let x = 0; x < line; x++) {
      const left = x < channels ? 0 : data[y * line + x - channels], up = y ? data[(y - 1) * line + x] : 0
      const corner = y && x >= channels ? data[(y - 1) * line + x - channels] : 0
      const add = [0, left, up, left + up >> 1, paeth(left, up, corner)][filter]
      data[y * line + x] = raw[y * (line + 1) + 1 + x] + add
    }
  }
  return { width, height, channels, data }
}

function paeth(a, b, c) {
  const p = a + b - c, pa = Math.abs(p - a), pb = Math.abs(p - b), pc = Math.abs(p - c)
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c
}

function encode(width, height, colours, pixels) {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3, 0, 0, 0], 8)
  const palette = Buffer.from(colours.flatMap(c => [c >> 16, c >> 8 & 255, c & 255]))
  return Buffer.concat([signature, chunk('IHDR', head), chunk('PLTE', palette), chunk('IDAT', deflateSync(pixels, { level: 9 })), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type, body) {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]), out = Buffer.alloc(named.length + 8)
  out.writeUInt32BE(body.length, 0)
  named.copy(out, 4)
  out.writeUInt32BE(crc(named), named.length + 4)
  return out
}

const table = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) { n = n & 1 ? n >>> 1 ^ 0xedb88320 : n >>> 1 }
  return n >>> 0
})

function crc(buffer) {
  let c = 0xffffffff
  for (const b of buffer) { c = table[(c ^ b) & 255] ^ c >>> 8 }
  return (c ^ 0xffffffff) >>> 0
}
