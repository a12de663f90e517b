// J1: a home is sold with a loan, from the seller's phone. Once with script, once without; within the budget, every page accessible.
import { after, before, test } from 'node:test'
import { strict as assert } from 'node:assert'
import { launch, Person, photo, readCity } from './lib.mjs'
import { apply, confirm, openCase } from './sale.mjs'

const city = readCity()
let browser, face
before(async () => { browser = await launch(); face = await photo(browser) })
after(() => browser?.close())

for (const [name, contract, script] of [['on a phone', '2611-00822', true], ['without JavaScript', '2611-00882', false]]) {
  test(`seller and buyer sell a home with a loan ${name}`, { timeout: 240_000 }, async t => {
    const deal = city.deal(contract), how = { width: 360, script }
    const seller = await Person.come(browser, city.hall, how)
    t.after(() => seller.leave())
    const gate = p => async (_, heading) => p.stop(heading)
    await seller.signIn(deal.sellers[0])
    await apply(seller, deal, { face, at: gate(seller) })
    const m = seller.meter
    t.diagnostic(`the seller: ${m}`)
    assert.ok(m.pages <= 12, `${m.pages} pages: ${[...m.addresses].join(' ')}`)
    assert.ok(m.typed <= 12, `${m.typed} answers typed`)
    assert.ok(m.answers <= 30, `${m.answers} answers`)
    assert.ok(m.seconds <= 9 * 60, `${m.seconds} s`)

    for (const who of [...deal.sellers.slice(1), ...deal.buyers]) {
      const p = await Person.come(browser, city.hall, how)
      await p.signIn(who)
      await confirm(p, { face, at: gate(p) })
      t.diagnostic(`another party: ${p.meter}`)
      assert.ok(p.meter.pages <= 4, `confirming takes ${p.meter.pages} pages`)
      await p.leave()
    }

    await openCase(seller)
    await seller.until(/正在办|现在/)
    await seller.stop('二手房买卖与贷款抵押一起办')
    const words = await seller.text()
    assert.match(words, /办件编号 TZ-\d{6}-\d{5}-\d/)
    for (const node of ['申请', '审核', '缴税', '登簿', '领证']) { assert.ok(words.includes(node), `the progress page does not name ${node}`) }
  })
}

test('what is wrong is said beside its field, and nothing typed is lost', { timeout: 120_000 }, async t => {
  const deal = city.deal('2611-00842')
  const p = await Person.come(browser, city.hall, { width: 360, script: false })
  t.after(() => p.leave())
  await p.signIn(deal.sellers[0])
  await p.open('/apply/existing-home-sale-mortgage')
  await p.press('同意并开始')
  assert.match(await p.page.title(), /^错误/)
  await p.stop()
  await p.tickAll()
  await p.press('同意并开始')
  await p.type({ 不动产权证号: '苏（2024）泰州市不动产权第号', 权利人姓名: '王㐂·🏠', 权利人证件号码: '32120219900307351' })
  await p.press('查找房屋')
  assert.match(await p.page.title(), /^错误/)
  const alert = p.page.getByRole('alert')
  await alert.getByRole('heading', { name: /处需要修改/ }).waitFor()
  assert.equal(new URL(p.page.url()).hash, '#errors', 'the browser goes to the box without script')
  assert.equal(await p.value('权利人证件号码'), '32120219900307351', 'what was typed is still there')
  const invalid = p.page.getByRole('textbox', { name: '不动产权证号' })
  assert.equal(await invalid.getAttribute('aria-invalid'), 'true')
  await p.stop()
  await alert.getByRole('link').first().click()
  assert.equal(new URL(p.page.url()).hash, '#home.certificate', 'a sentence of the box leads to its field')

  // the same sentence whichever of the three does not match
  const said = []
  for (const wrong of [{ 权利人姓名: '王小明' }, { 权利人证件号码: deal.buyers[0].idno }]) {
    await p.type({ 不动产权证号: deal.certificate, 权利人姓名: deal.sellers[0].name, 权利人证件号码: deal.sellers[0].idno, ...wrong })
    await p.press('查找房屋')
    await p.until(/要卖的是哪套房/)
    said.push(await p.page.getByRole('alert').innerText())
  }
  assert.ok(said[0] !== '' && said.every(s => s === said[0]), `different words give away what was right: ${said.join(' / ')}`)
})

test('a home that is seized is refused with the reason', { timeout: 120_000 }, async t => {
  const home = city.example('seized'), deal = city.deal('2611-00862')
  const p = await Person.come(browser, city.hall, { width: 360 })
  t.after(() => p.leave())
  await p.signIn(deal.buyers[0])
  await p.open('/apply/existing-home-sale-mortgage')
  await p.tickAll()
  await p.press('同意并开始')
  await p.type({ 不动产权证号: home.certificate, 权利人姓名: home.owner, 权利人证件号码: home.idno })
  await p.press('查找房屋')
  await p.until(/这套房现在不能办/)
  await p.stop('这套房现在不能办')
  assert.match(await p.text(), /查封/)
  assert.equal(await p.page.getByRole('button', { name: '是这套房，继续' }).count(), 0)
})
