// Page objects and gates of the journeys. People are found their way by role and label, as they find it themselves; never by class.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { strict as assert } from 'node:assert'
import { chromium } from 'playwright-core'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const patience = 60_000

/** city is what `yichuang city` wrote about itself; CITY names the file. */
export function readCity(file = process.env.CITY) {
  assert.ok(file, 'CITY must name the city.json of a running city')
  const c = JSON.parse(readFileSync(file, 'utf8'))
  return {
    ...c,
    /** staff of a district, such as hailing.first1 */
    staff: login => found(c.accounts.find(a => a.login === login), login),
    /** who sells and who buys by a contract, and by which certificate */
    deal(contract) {
      const of = role => c.accounts.filter(a => a.role === role && a.note.includes(contract))
      const sellers = of('seller')
      const certificate = found(sellers[0], contract).note.split('，').at(-1)
      return { contract, certificate, sellers, buyers: of('buyer') }
    },
    /** a sale of a home where contracts are not signed online: its owner, who is married, and somebody who buys */
    privately(state) {
      const home = found(c.examples.find(e => e.state === state), state)
      const spouses = c.accounts.filter(a => a.role === 'spouse' && a.note.includes('自行成交'))
      return { certificate: home.certificate, spouses, sellers: [found(c.accounts.find(a => a.idno === home.idno), home.owner)], buyers: [found(c.accounts.find(a => a.role === 'buyer'), 'buyer')] }
    },
    example: state => found(c.examples.find(e => e.state === state), state),
    /** fault makes a simulated system misbehave, or with DELETE well again */
    async fault(f, method = 'PUT') {
      const gone = method === 'DELETE'
      const res = await fetch(`${c.simcity}/control/faults${gone ? `?system=${encodeURIComponent(f.system)}&operation=${f.operation}` : ''}`,
        { method, headers: { 'Content-Type': 'application/json' }, body: gone ? undefined : JSON.stringify(f) })
      assert.ok(res.ok, `fault ${f.operation}: ${res.status} ${await res.text()}`)
    },
    /** control speaks to the simulated city: POST with a body, GET without */
    async control(path, body) {
      const res = await fetch(c.simcity + '/control' + path, body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
      assert.ok(res.ok, `simcity ${path}: ${res.status} ${await res.clone().text()}`)
      return res.json()
    },
  }
}

function found(x, what) {
  assert.ok(x, `not in city.json: ${what}`)
  return x
}

/** launch starts the Chromium of the machine. */
export async function launch() {
  const path = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(p => existsSync(p))
  assert.ok(path, 'no Chromium on this machine: scripts/setup-browser installs it')
  return chromium.launch({ executablePath: path, timeout: patience, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-dev-shm-usage', '--font-render-hinting=none', '--lang=zh-CN'], env: { ...process.env, LANGUAGE: 'zh_CN' } })
}

/**
 * A Person has one browser window of a width.
 * css 'core' is what a browser without @supports draws; script false is a browser without JavaScript.
 */
export class Person {
  static async come(browser, site, { width = 360, script = true, css = 'full', height = width < 700 ? 740 : 768, state } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, javaScriptEnabled: script, bypassCSP: true, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', baseURL: site, storageState: state })
    context.setDefaultTimeout(patience)
    context.setDefaultNavigationTimeout(patience)
    await context.addInitScript(watchShifts)
    if (css === 'core') {
      await context.route(/\/s\/yc\.css/, async route => {
        const res = await route.fetch()
        await route.fulfill({ response: res, body: withoutSupports(await res.text()) })
      })
    }
    return new Person(context, await context.newPage(), { width, script, css })
  }

  constructor(context, page, how) {
    Object.assign(this, { context, page, how, meter: new Meter(), troubles: [] })
    page.on('pageerror', e => this.troubles.push(`script fails on ${page.url()}: ${e.message}`))
    page.on('console', m => { if (m.type() === 'error' && !/Failed to load resource/.test(m.text())) { this.troubles.push(`console of ${page.url()}: ${m.text()}`) } })
  }

  async leave() { await this.twin?.context().close(); await this.context.close() }
  path() { const u = new URL(this.page.url()); return u.pathname + u.search }
  heading() { return this.page.getByRole('heading', { level: 1 }).innerText() }
  text() { return this.page.getByRole('main').innerText() }
  state() { return this.context.storageState() }

  /** open goes to an address of the site; the page must be there. */
  async open(path) {
    const res = await this.page.goto(path)
    assert.equal(res.status(), 200, `${path} answers ${res.status()}`)
    return this
  }

  /** signIn goes the way of citizens, through the identity provider. */
  async signIn({ login, password }) {
    await this.open('/login')
    await this.press('用江苏政务服务账号登录')
    await this.page.getByLabel('手机号或身份证号码').fill(login)
    await this.page.getByLabel('密码').fill(password)
    await this.press('登录')
    await this.page.getByRole('button', { name: '退出' }).waitFor()
    return this
  }

  /** signInAsStaff types number and password on the page of the office. */
  async signInAsStaff({ login, password }) {
    await this.open('/login')
    await this.page.getByLabel('工号').fill(login)
    await this.page.getByLabel('密码').fill(password)
    await this.press('登录')
    await this.page.getByRole('button', { name: '退出' }).waitFor()
    return this
  }

  /** press follows the link or presses the button of that name, and waits for the page that comes. */
  async press(name, { exact = false } = {}) {
    const button = this.page.getByRole('button', { name, exact }), link = this.page.getByRole('link', { name, exact })
    await button.or(link).first().waitFor()
    await (await button.count() ? button : link).first().click()
    await this.page.waitForLoadState('load')
  }

  /** type writes into the fields with these labels, as a person counts them. */
  async type(answers) {
    for (const [label, value] of Object.entries(answers)) {
      await this.field(label).fill(value)
      this.meter.type(value)
    }
  }

  /** choose answers a question of several answers: radio, select or box. */
  async choose(answers) {
    for (const [question, answer] of Object.entries(answers)) {
      const group = this.page.getByRole('group', { name: question })
      if (await group.count()) {
        await group.getByLabel(answer).check()
      } else {
        const select = this.page.getByLabel(question)
        const texts = await select.getByRole('option').allInnerTexts()
        const index = texts.findIndex(t => answer instanceof RegExp ? answer.test(t.trim()) : t.trim() === answer)
        assert.ok(index >= 0, `${question} does not offer ${answer}: ${texts.join(' ')}`)
        await select.selectOption({ index })
      }
      this.meter.chosen++
    }
  }

  /** tick checks boxes by their labels. */
  async tick(...labels) {
    for (const label of labels) {
      await this.page.getByRole('checkbox', { name: label }).first().check()
      this.meter.chosen++
    }
  }

  async tickAll() {
    const boxes = this.page.getByRole('main').getByRole('checkbox')
    for (let i = 0, n = await boxes.count(); i < n; i++) { await boxes.nth(i).check(); this.meter.chosen++ }
  }

  field(label) { return this.page.getByLabel(label, { exact: true }).or(this.page.getByLabel(label)).first() }
  value(label) { return this.field(label).inputValue() }

  /** give chooses a file; the label is that of its field. */
  async give(label, file) {
    await this.page.getByLabel(label).setInputFiles(file)
    this.meter.photos++
  }

  /** stop says that the person has to act on this page: it counts, and every gate is passed. */
  async stop(heading) {
    if (heading) {
      const there = await this.page.getByRole('heading', { level: 1, name: heading }).waitFor({ timeout: patience / 2 }).then(() => true, () => false)
      assert.ok(there, `${this.path()} should be “${heading}” and says: ${await this.text()}`)
    }
    this.meter.stop(new URL(this.page.url()).pathname, await this.text())
    await this.check()
  }

  /** until asks anew, as a person does, until the page says what is waited for. */
  async until(words, { path, within = patience } = {}) {
    const end = Date.now() + within
    for (;;) {
      if (path) { await this.page.goto(path) }
      if (words.test(await this.page.getByRole('main').innerText())) { return }
      assert.ok(Date.now() < end, `${this.path()} never said ${words}; it says: ${await this.text()}`)
      await new Promise(done => setTimeout(done, 1000))
      if (!path) { await this.page.reload() }
    }
  }

  /** turn makes the window so wide, as if the person had come with such a device. */
  async turn(width) {
    this.how.width = width
    await this.page.setViewportSize({ width, height: width < 700 ? 740 : 768 })
  }

  /** check passes the page through every gate; without axe, through ours only. Throws with all that is wrong. */
  async check({ axe = true } = {}) {
    const where = `${new URL(this.page.url()).pathname} (${this.how.width}, ${this.how.script ? 'script' : 'no script'}, ${this.how.css})`
    const wrong = [...axe ? await this.accessibility() : [], ...await this.page.evaluate(rules), ...this.troubles.splice(0)]
    assert.equal(wrong.length, 0, `${where}:\n  ${wrong.join('\n  ')}`)
  }

  /** copy is the page as it stands, for a tool that needs timers: pages that came without script have none. */
  async copy() {
    if (!this.twin) {
      const context = await this.context.browser().newContext({ bypassCSP: true, locale: 'zh-CN' })
      this.twin = await context.newPage()
      await this.twin.route('**/*', route => route.request().isNavigationRequest() ? route.fulfill({ contentType: 'text/html; charset=utf-8', body: this.snapshot }) : route.continue())
    }
    this.snapshot = (await this.page.content()).replace(/<script\b[^>]*><\/script>/g, '')
    await this.twin.context().addCookies(await this.context.cookies())
    await this.twin.setViewportSize(this.page.viewportSize())
    await this.twin.goto(this.page.url().split('#')[0], { timeout: patience })
    return this.twin
  }

  async accessibility() {
    if (this.how.script) { return accessibility(this.page) }
    return accessibility(await this.copy())
  }

  /** cold opens a page in a browser that has never been here: bytes over the line and requests. */
  static async cold(browser, site, path, how) {
    const p = await Person.come(browser, site, how)
    const seen = []
    p.page.on('requestfinished', r => seen.push(r.sizes().then(s => s.responseBodySize + s.responseHeadersSize)))
    try {
      await p.open(path)
      await p.page.waitForLoadState('networkidle')
      const sizes = await Promise.all(seen)
      return { requests: sizes.length, bytes: sizes.reduce((a, b) => a + b, 0) }
    } finally { await p.leave() }
  }
}

/**
 * Meter counts what a journey asks of a person: addresses at which to stop, answers typed and chosen. The face check, which the law
 * and not the form asks for, is counted beside the pages. Time is modelled: 300 Han read and 40 typed a minute, 3 s a choice, 8 s a photo;
 * of a page about a third is read.
 */
export class Meter {
  addresses = new Set(); faces = 0; typed = 0; chosen = 0; photos = 0; read = 0; keys = 0
  stop(path, text) {
    if (path.startsWith('/face/')) { this.faces++; return }
    if (this.addresses.has(path)) { return }
    this.addresses.add(path)
    this.read += (text.match(/\p{Script=Han}/gu) ?? []).length
  }
  type(value) { this.typed++; this.keys += value.length }
  get pages() { return this.addresses.size }
  get answers() { return this.typed + this.chosen }
  get seconds() { return Math.round(this.read / 3 / 5 + this.keys * 1.5 + this.chosen * 3 + this.photos * 8) }
  toString() { return `${this.pages} pages, ${this.typed} typed, ${this.chosen} chosen, ${this.faces} face checks, about ${this.seconds} s` }
}

async function accessibility(page) {
  if (!await page.evaluate(() => 'axe' in window)) { await page.evaluate(axeSource) }
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(r =>
    r.violations.map(v => `axe ${v.impact} ${v.id} ×${v.nodes.length}: ${v.nodes.slice(0, 2).map(n => n.html.slice(0, 120)).join(' | ')}`)))
  return found
}

function watchShifts() {
  window.shifted = 0
  if (!('PerformanceObserver' in window)) { return }
  new PerformanceObserver(list => list.getEntries().forEach(e => { if (!e.hadRecentInput) { window.shifted += e.value } })).observe({ type: 'layout-shift', buffered: true })
}

// rules of every page, beside what axe knows; runs in the page.
function rules() {
  const wrong = [], all = s => [...document.querySelectorAll(s)], show = e => e.outerHTML.slice(0, 120)
  const over = document.documentElement.scrollWidth - document.documentElement.clientWidth
  if (over > 0) {
    const wide = all('body *').filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.closest('svg')).slice(-2)
    wrong.push(`the page is ${over} px too wide: ${wide.map(show).join(' | ')}`)
  }
  if (window.shifted > 0.001) { wrong.push(`the layout shifts by ${window.shifted.toFixed(3)}`) }
  for (const e of all('*')) {
    for (const a of e.attributes) { if (a.name === 'style' && !e.closest('[role=progressbar]') || /^on/.test(a.name)) { wrong.push(`inline ${a.name}: ${show(e)}`) } }
  }
  for (const e of all('script:not([src]),style')) { if (e.textContent.trim()) { wrong.push(`inline ${e.tagName}: ${show(e)}`) } }
  for (const e of all('input:not([type=hidden]),select,textarea')) {
    if (!(e.labels && e.labels.length) && !e.getAttribute('aria-label')) { wrong.push(`no label: ${show(e)}`) }
  }
  for (const f of all('form[method=post]')) {
    for (const name of ['csrf_token', '_key']) {
      const h = f.elements.namedItem(name)
      if (!h || !h.value) { wrong.push(`a form without ${name}: ${f.getAttribute('action')}`) }
    }
    if (!f.noValidate && f.querySelector('[required]')) { wrong.push(`the browser would validate: ${f.getAttribute('action')}`) }
  }
  for (const e of all('img')) {
    for (const a of ['width', 'height', 'alt']) { if (!e.hasAttribute(a)) { wrong.push(`img without ${a}: ${show(e)}`) } }
  }
  for (const e of all('dialog,details,[form],[formaction]')) { wrong.push(`old browsers lack this: ${show(e)}`) }
  const bad = document.body.innerText.match(/[\u4e00-\u9fff][,:;?!][^\n]{0,12}|点击这里|系统错误|温馨提示|%!|<nil>|0001-01-01/g)
  if (bad) { wrong.push(`words: ${bad.join(' ')}`) }
  if (document.documentElement.lang !== 'zh-CN') { wrong.push('lang is not zh-CN') }
  return wrong
}

/** withoutSupports is a style sheet as a browser reads it that knows no @supports. */
export function withoutSupports(css) {
  let out = '', at = 0
  for (;;) {
    const start = css.indexOf('@supports', at)
    if (start < 0) { return out + css.slice(at) }
    out += css.slice(at, start)
    let depth = 0, i = css.indexOf('{', start)
    do { if (css[i] === '{') { depth++ } else if (css[i] === '}') { depth-- } i++ } while (depth > 0 && i < css.length)
    at = i
  }
}

/** photo is a JPEG that stands for a face. */
export const photo = browser => draw(browser, 'face.jpg', 480, 640, `<body style="margin:0;background:#d9e2ec"><svg width="480" height="640">
<circle cx="240" cy="250" r="110" fill="#e8c9a8"/><path d="M130 240a110 110 0 0 1 220 0c-30-60-190-60-220 0" fill="#2b2b2b"/><path d="M70 640c0-160 80-240 170-240s170 80 170 240" fill="#34558b"/></svg>`)

/** paper is a JPEG of a certificate of marriage, invented like everything here. */
export const paper = browser => draw(browser, 'certificate.jpg', 1000, 720, `<body style="margin:0;background:#fbf7f0;font:26px serif;color:#333"><div style="margin:40px;padding:30px 60px;border:3px double #a33;height:570px">
<h1 style="text-align:center;color:#a33;letter-spacing:.5em">结婚证</h1><p>持证人　见申请表</p><p>登记日期　二〇一〇年五月二十日</p><p>结婚证字号　J321200-2010-000000</p><p>备注　样张，不是证件</p>
<p style="float:right;color:#c22;border:4px solid #c22;border-radius:50%;width:150px;height:150px;line-height:150px;text-align:center;transform:rotate(-12deg)">样张</p></div>`)

async function draw(browser, name, width, height, html) {
  const page = await browser.newPage({ viewport: { width, height } })
  await page.setContent(html)
  const buffer = await page.screenshot({ type: 'jpeg', quality: 70 })
  await page.close()
  return { name, mimeType: 'image/jpeg', buffer }
}
