// Keeps what is marked as live up to date: the page is fetched anew, and such parts are exchanged. A part that holds
// the focus or something unfolded is left alone, and all of them while text is selected. Without this script
// everything works, and is loaded anew by hand.
(function () {
    "use strict";

    var page = document.querySelector(".audience-page[data-refresh]");

    function exchange(fresh) {
        document.querySelectorAll("[data-live]").forEach(function (part) {
            var its = fresh.getElementById(part.id);
            if (its && !part.contains(document.activeElement) && !part.querySelector("details[open]")) {
                part.replaceWith(document.importNode(its, true));
            }
        });
    }

    function refresh() {
        if (document.hidden || !document.querySelector("[data-live]") || String(window.getSelection())) {
            return;
        }
        fetch(window.location.href).then(function (answer) {
            return answer.ok ? answer.text() : Promise.reject(answer.status);
        }).then(function (text) {
            exchange(new DOMParser().parseFromString(text, "text/html"));
        }).catch(function () { /* an outage: the next turn tries again */ });
    }

    if (page) {
        window.setInterval(refresh, 1000 * Number(page.dataset.refresh));
    }
}());
