// The journey of the sale as its people go it: the seller applies, the others confirm. Tests and screenshots share it.
import { strict as assert } from 'node:assert'
import { Person, photo } from './lib.mjs'

export const item = '/apply/existing-home-sale-mortgage'

const nothing = async () => {}

/** apply goes from the first page to the sent application and returns its id; at is called on every page at which the person stops. */
export async function apply(p, deal, { face, certificate = face, at = nothing } = {}) {
  await p.open(item)
  await at('start', '二手房买卖')
  await p.tickAll()
  await p.press('同意并开始')
  const id = new URL(p.page.url()).pathname.split('/')[2]

  await at('home-query', '要卖的是哪套房')
  assert.equal(await p.value('权利人姓名'), deal.sellers[0].name, 'the name of who signed in is filled in')
  await p.type({ 不动产权证号: deal.certificate })
  await p.press('查找房屋')
  await p.until(/是这套房，继续/)
  await at('home', '是这套房吗')
  await p.press('是这套房，继续')

  await at('import', '有网签合同吗')
  if (deal.contract) {
    await p.type({ 网签合同号: deal.contract })
    await p.press('导入合同')
    await p.until(/签订日期/)
    await at('contract', '买卖合同')
    await p.press('保存并继续')
  } else {
    await write(p)
    await add(p, deal.buyers[0])
  }

  await at('parties', '买方和卖方')
  if (!deal.contract) { await p.type({ 的手机号码: deal.sellers[0].login }) } // which no contract told
  await declare(p, deal)
  await p.press('保存并继续')

  await at('tax', '家庭住房与税收情况')
  await p.choose({ 这是卖方家庭唯一的住房吗: '是', 卖方能提供购房原值的凭证吗: '否' })
  await p.press('保存并继续')

  await at('trust', '资金托管')
  await p.type({ 首付款: '48万', 收款银行: '泰州凤城银行海陵支行', 收款账号: '6200 0012 3456 7890 123' })
  await p.choose({ 托管银行: '泰州凤城银行', 什么时候付给卖方: '过户登记完成后' })
  await p.press('保存并继续')

  await at('loan', '贷款')
  await p.type({ 贷款期限: '240' })
  await p.choose({ 贷款机构: '泰州凤城银行', 还款方式: '等额本息' })
  await p.press('保存并继续')

  await at('utilities', '水电气和有线电视')
  await p.press('保存并继续')
  await at('materials', '材料')
  await bring(p, certificate)
  await p.press('保存并继续')

  await at('delivery', '领证方式')
  await p.choose({ 怎么领纸质证书: '到大厅领', 领证大厅: /^海陵不动产登记大厅/ })
  await p.press('保存并继续')

  await at('check', '检查所有内容')
  await signed(p, '提交给各方确认', { face, at })
  await at('sent', '已发给各方确认')
  return id
}

/** write fills in a contract that was not signed online. */
async function write(p) {
  const day = n => new Date(Date.now() + n * 86_400_000).toLocaleDateString('sv-SE', { timeZone: 'Asia/Shanghai' })
  await p.press('没有网签合同，自己填写')
  await p.type({ 成交价: '128万', 签订日期: day(0), 付清房款的日期: day(60), 交房日期: day(60) })
  await p.press('保存并继续')
}

/** add names a buyer whom no contract names. */
async function add(p, buyer) {
  await p.press('添加买方')
  await p.type({ 姓名或名称: buyer.name, 证件号码: buyer.idno, 手机号码: buyer.login })
  await p.choose({ 婚姻状况: '未婚' })
  await p.press('保存', { exact: true })
}

/** declare answers the marriage of sellers whom civil affairs does not know: they are married to each other. */
async function declare(p, deal) {
  const asked = p.page.getByRole('group', { name: /的婚姻状况/ })
  for (let i = 0, n = await asked.count(); i < n; i++) {
    const spouse = deal.sellers[1 - i]
    await asked.nth(i).getByLabel('已婚').check()
    p.meter.chosen++
    for (const [field, value] of [[/的配偶姓名/, spouse.name], [/的配偶身份证号码/, spouse.idno]]) {
      await p.page.getByLabel(field).nth(i).fill(value)
      p.meter.type(value)
    }
  }
}

/** bring uploads a photo for each material that no department shares. */
async function bring(p, file) {
  const missing = p.page.getByRole('main').getByRole('listitem').filter({ has: p.page.getByRole('button', { name: /^上传/ }) })
  for (let i = 0, n = await missing.count(); i < n; i++) {
    const one = missing.nth(i)
    await one.getByLabel(/^选择/).setInputFiles(file)
    if (!p.how.script) { await one.getByRole('button', { name: /^上传/ }).click() }
    await one.getByRole('img').first().waitFor()
    p.meter.photos++
  }
}

/** signed ticks the statements and presses the button; who disposes of the home shows the face before and presses again. */
async function signed(p, button, { face, at = nothing }) {
  await p.tickAll()
  await p.press(button)
  if (!p.path().startsWith('/face/')) { return }
  await at('face', '人脸核验')
  await p.give('正面照片', face)
  await p.press('开始核验')
  await p.tickAll()
  await p.press(button)
}

/** confirm is what another party does: from the own page to the signature. */
export async function confirm(p, { face, at = nothing } = {}) {
  await p.open('/me')
  await at('me-confirm', '我的')
  await p.press('二手房买卖与贷款抵押一起办')
  await at('confirm', '请您确认这份申请')
  await signed(p, '确认并签名', { face, at })
  await at('confirmed', /您已确认|申请已提交/)
}

/** sell is the whole of it: one applies, all others confirm one after the other. Returns the id of the application. */
export async function sell(browser, city, deal, how = {}) {
  const face = await photo(browser)
  const seller = await Person.come(browser, city.hall, how)
  await seller.signIn(deal.sellers[0])
  const id = await apply(seller, deal, { face })
  for (const who of [...deal.sellers.slice(1), ...deal.spouses ?? [], ...deal.buyers]) {
    const p = await Person.come(browser, city.hall, how)
    await p.signIn(who)
    await confirm(p, { face })
    await p.leave()
  }
  return { id, seller }
}

/** caseOf waits until the office has opened the case, and opens its page. */
export async function openCase(p) {
  await p.until(/TZ-\d{6}-/, { path: '/me', within: 90_000 })
  await p.press('TZ-')
  return new URL(p.page.url()).pathname
}
