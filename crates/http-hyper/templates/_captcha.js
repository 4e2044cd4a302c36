// The widget of the provider calls this when the check is passed.
function captchaDone() {
  const form = document.getElementById("registrationForm");
  form.querySelector("button").disabled = true;
  form.submit();
}
if (window.matchMedia("(prefers-color-scheme: dark)").matches) {
  document.querySelector("[data-sitekey]").dataset.theme = "dark";
}
