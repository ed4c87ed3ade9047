// Firefox with Global Privacy Control on visits a site: what it sends, what the site makes of it, and what it shows.
// node firefox_gpc.mjs BASE_URL SCREENSHOT; prints JSON.
import puppeteer from "puppeteer-core";

const [base, shot] = process.argv.slice(2);

async function launch(signal) {
  return puppeteer.launch({
    browser: "firefox",
    executablePath: "/usr/bin/firefox-esr",
    headless: true,
    extraPrefsFirefox: {
      "privacy.globalprivacycontrol.enabled": signal,
      "privacy.globalprivacycontrol.functionality.enabled": true,
      "devtools.jsonview.enabled": false,
    },
  });
}

async function state(browser) {
  // In a tab of its own: the pages' content policy lets no script fetch.
  const page = await browser.newPage();
  await page.goto(`${base}/v1/choice`);
  const choice = JSON.parse(await page.evaluate(() => document.body.textContent));
  await page.close();
  const allowed = choice.purposes.filter((one) => one.allowed).map((one) => one.purpose);
  return { made: choice.made, signal: choice.signal, allowed };
}

async function withSignal(found) {
  const browser = await launch(true);
  try {
    const page = await browser.newPage();
    await page.goto(`${base}/choice`);
    found.navigator = await page.evaluate(() => navigator.globalPrivacyControl);
    found.before = await state(browser);
    await Promise.all([page.waitForNavigation(), page.click("button[value=all]")]);
    found.text = await page.evaluate(() => document.querySelector(".signal").textContent);
    found.afterAllowAll = await state(browser);
    found.cookies = (await page.cookies()).map((one) => one.name);
    await page.screenshot({ path: shot, fullPage: true });
  } finally {
    await browser.close();
  }
}

async function withoutSignal(found) {
  const browser = await launch(false);
  try {
    const page = await browser.newPage();
    await page.goto(`${base}/choice`);
    found.withoutSignal = await state(browser);
  } finally {
    await browser.close();
  }
}

const found = {};
await withSignal(found);
await withoutSignal(found);
console.log(JSON.stringify(found));
