// The widget of the provider calls this when the check is passed. The button is for those whose
// connection breaks at the same moment.
function captchaDone() {
  const form = document.getElementById("registrationForm");
  form.querySelector("button").disabled = false;
  form.submit();
}
if (window.matchMedia("(prefers-color-scheme: dark)").matches) {
  document.querySelector("[data-sitekey]").dataset.theme = "dark";
}
// The provider's script may be blocked, or the network away.
const widget = document.querySelector("[data-sitekey]");
const showFailure = (failed) => { document.getElementById("captchaFailed").hidden = !failed; };
const check = () => showFailure(widget.childElementCount === 0);
for (const script of document.querySelectorAll("script[src]")) {
  script.addEventListener("error", () => showFailure(true));
}
window.addEventListener("load", () => { setTimeout(check, 3000); setTimeout(check, 15000); });
