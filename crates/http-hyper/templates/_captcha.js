// The widget of the provider calls this when the check is passed. The button is for those whose
// connection breaks in this moment.
function captchaDone() {
  const form = document.getElementById("registrationForm");
  form.querySelector("button").disabled = false;
  form.submit();
}
if (window.matchMedia("(prefers-color-scheme: dark)").matches) {
  document.querySelector("[data-sitekey]").dataset.theme = "dark";
}
