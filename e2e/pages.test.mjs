// Every public page, at three widths, with script, without, and as a browser without @supports draws it. Beside: weight, requests,
// the ways of showing for elder people, and that what browsers of 2011 are sent, they can read.
import { after, before, test } from 'node:test'
import { strict as assert } from 'node:assert'
import { parse } from 'acorn'
import { launch, Person, readCity } from './lib.mjs'

const city = readCity(), code = 'existing-home-sale-mortgage'
const pages = ['/', '/items', '/items?q=贷款买房', '/items?q=没有这件事', `/items/${code}`, `/items/${code}/materials`, '/verify', '/halls', '/a11y', '/help', '/privacy', '/login']
let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

for (const [name, how] of [['with script', {}], ['without JavaScript', { script: false }], ['with the core style', { css: 'core' }]]) {
  test(`public pages ${name}, at three widths`, { timeout: 240_000 }, async t => {
    const p = await Person.come(browser, city.hall, how)
    t.after(() => p.leave())
    const wrong = []
    for (const path of pages) {
      await p.turn(360)
      await p.open(path)
      for (const width of [360, 768, 1366]) {
        await p.turn(width)
        await p.check({ axe: how.script !== false || width === 360 }).catch(e => wrong.push(e.message))
      }
    }
    assert.equal(wrong.length, 0, wrong.join('\n'))
  })
}

for (const mode of ['elder', 'elder elder2', 'contrast', 'elder contrast']) {
  test(`public pages in mode ${mode} on a phone`, { timeout: 120_000 }, async t => {
    const p = await Person.come(browser, city.hall, { width: 360 })
    t.after(() => p.leave())
    await p.page.goto(`/a11y?mode=${encodeURIComponent(mode)}`)
    const size = () => p.page.evaluate(() => parseFloat(getComputedStyle(document.querySelector('main')).fontSize))
    const wrong = []
    for (const path of ['/', `/items/${code}`, '/login', '/a11y']) {
      await p.open(path)
      if (mode.startsWith('elder') && await size() < 20) { wrong.push(`${path}: text of ${await size()} px in a mode for the elder`) }
      await p.check().catch(e => wrong.push(e.message))
    }
    assert.equal(wrong.length, 0, wrong.join('\n'))
  })
}

test('a first visit is light', { timeout: 180_000 }, async t => {
  const wrong = []
  for (const path of pages) {
    const { bytes, requests } = await Person.cold(browser, city.hall, path, { width: 360 })
    t.diagnostic(`${path}: ${(bytes / 1024).toFixed(1)} KB, ${requests} requests`)
    if (bytes > 100 * 1024) { wrong.push(`${path} weighs ${bytes} bytes`) }
    if (requests > 8) { wrong.push(`${path} takes ${requests} requests`) }
  }
  assert.equal(wrong.length, 0, wrong.join('\n'))
})

test('links of the public pages lead somewhere', { timeout: 120_000 }, async t => {
  const p = await Person.come(browser, city.hall, { width: 1366 })
  t.after(() => p.leave())
  const links = new Map()
  for (const path of pages) {
    await p.open(path)
    for (const link of await p.page.getByRole('link').all()) {
      const url = new URL(await link.getAttribute('href'), p.page.url())
      if (url.origin === city.hall && !links.has(url.pathname)) { links.set(url.pathname, `${path} “${(await link.innerText()).trim()}”`) }
    }
  }
  const dead = []
  for (const [path, from] of links) {
    if (path === '/login/start') { continue } // starts a sign-in
    const res = await p.page.request.get(city.hall + path)
    if (res.status() >= 400) { dead.push(`${path} answers ${res.status()}, linked from ${from}`) }
  }
  assert.equal(dead.length, 0, dead.join('\n'))
})

test('scripts are ES5, and never need what old browsers lack', async t => {
  const p = await Person.come(browser, city.hall)
  t.after(() => p.leave())
  await p.open('/')
  const sources = await p.page.evaluate(() => [...document.scripts].map(s => s.src).concat([new URL(document.querySelector('meta[name=yc-htmx]').content, document.baseURI).href]))
  const office = await Person.come(browser, city.office)
  t.after(() => office.leave())
  await office.open('/login')
  sources.push(...await office.page.evaluate(() => [...document.scripts].map(s => s.src)))
  assert.ok(sources.length >= 4, `scripts found: ${sources}`)
  for (const src of new Set(sources)) {
    const text = await (await fetch(src)).text()
    const foreign = /htmx/.test(src) // loaded only behind a feature test, which the oldest browsers fail
    try { parse(text, { ecmaVersion: foreign ? 2015 : 5, sourceType: 'script' }) } catch (e) { assert.fail(`${src} cannot be read by old browsers: ${e.message}`) }
    if (foreign) { continue }
    for (const word of ['fetch(', 'Promise', '.closest(', '.matches(', 'URLSearchParams', 'Object.assign', 'Array.from', '.includes(', '.startsWith(', 'classList.']) {
      assert.ok(!text.includes(word), `${src} uses ${word}`)
    }
  }
})
