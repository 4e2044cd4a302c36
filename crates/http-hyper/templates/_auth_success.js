// How a client learns that the stage is passed: in a browser view of its own it defines the function,
// in a window that it opened it listens for the message.
if (typeof window.onAuthDone === "function") {
  window.onAuthDone();
} else if (window.opener) {
  window.opener.postMessage("authDone", "*");
}
