"""Photos and papers on a customer's page: pairs side by side, the rest in a grid, papers in a list; and who has looked."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import anchor, button, menu, menu_item, menu_trigger, submit
from microcrm.components.cards import card
from microcrm.components.dialogs import dialog, form_footer, panel
from microcrm.components.feedback import alert, blank, no_permission, skeleton_lines
from microcrm.components.fields import select_field, text_field
from microcrm.components.files.drop import file_drop
from microcrm.components.icons import icon
from microcrm.domain.consent import ConsentPurpose, Decision
from microcrm.domain.permissions import Permission
from microcrm.pages.customer_frame import customer_screen, customer_tabs
from microcrm.pages.customer_head import PERSON
from microcrm.state.customer_consents import CustomerConsents
from microcrm.state.customer_files import PATH, FileRow, LookRow, PairRow
from microcrm.state.customer_files import CustomerFiles as S

_MAY_WRITE = S.allowed.contains(Permission.RECORDS_WRITE.value)
_ASK = CustomerConsents.begin(ConsentPurpose.PHOTOS.value, Decision.GIVEN.value)


def customer_files() -> rx.Component:
    return customer_screen(
        PATH,
        customer_tabs(PATH),
        rx.cond(
            S.is_refused,
            card("Files", no_permission("files of customers"), padded=False),
            rx.cond(S.is_read, _files(), card("Files", skeleton_lines(3), padded=False)),
        ),
    )


def _files() -> rx.Component:
    nothing = card(
        "Files",
        blank("images", "No files yet", "Photos before and after, and papers: encrypted, and it is noted who looks."),
        padded=False,
    )
    return rx.fragment(
        _consent(),
        rx.cond(_MAY_WRITE, _drop(PERSON.id)),
        rx.cond((S.pairs.length() + S.photos.length() + S.papers.length()) == 0, nothing),
        rx.cond(S.pairs.length() > 0, card("Before and after", rx.foreach(S.pairs, _pair))),
        rx.cond(S.photos.length() > 0, card("Photos", rx.el.ul(rx.foreach(S.photos, _photo), class_name="photos"))),
        rx.cond(
            S.papers.length() > 0,
            card("Papers", rx.el.ul(rx.foreach(S.papers, _paper), class_name="list"), padded=False),
        ),
        rx.cond(
            S.looks.length() > 0,
            card("Who has looked", rx.el.ul(rx.foreach(S.looks, _look), class_name="list"), padded=False),
        ),
        _viewer(),
        _change(),
    )


def _consent() -> rx.Component:
    """Photos are taken and kept only with a yes; papers need none."""
    kept = "The customer does not agree to photos (any more). Remove those that are here unless there is a reason to keep them."
    none = "Photos need the customer’s consent. Ask first, record the yes, then add them. Papers need none."
    ask = rx.cond(_MAY_WRITE, button("Record a yes", on_click=_ASK))
    has_photos = (S.pairs.length() + S.photos.length()) > 0
    return rx.cond(~S.has_consent, alert("warn", "No consent for photos", rx.cond(has_photos, kept, none), ask))


def _drop(customer_id: rx.Var[str]) -> rx.Component:
    return card(
        "Add photos or papers",
        file_drop(
            customer=customer_id, kinds=S.choices.kinds, befores=S.choices.befores, visits=S.choices.visits,
            today=S.choices.today, on_done=S.added, on_consent=_ASK, key=customer_id + S.choices.kinds[0].value,
        ),
    )  # fmt: skip


def _pair(pair: rx.Var[PairRow]) -> rx.Component:
    return rx.el.div(
        _figure(pair.before),
        _figure(pair.after),
        rx.el.p(pair.between, class_name="meta"),
        class_name="photo-pair",
        key=pair.key,
    )


def _photo(row: rx.Var[FileRow]) -> rx.Component:
    return rx.el.li(_figure(row), key=row.id)


def _figure(row: rx.Var[FileRow]) -> rx.Component:
    erased = rx.el.p(icon("lock"), "Erased: its key was destroyed, nobody can see it.", class_name="photo-gone meta")
    picture = rx.el.button(
        rx.el.img(src=row.small, alt=row.caption, width=row.width, height=row.height, loading="lazy"),
        type="button",
        class_name="photo",
        aria_label="Show large: " + row.caption,
        on_click=S.view(row.id),
    )
    return rx.el.figure(
        rx.cond(row.is_erased, erased, picture),
        rx.el.figcaption(
            rx.el.div(rx.el.p(row.caption, class_name="strong"), rx.el.p(row.detail, class_name="meta")), _actions(row)
        ),
    )


def _paper(row: rx.Var[FileRow]) -> rx.Component:
    words = rx.el.div(rx.el.p(row.caption, class_name="strong"), rx.el.p(row.detail, class_name="meta"))
    save = rx.cond(
        row.is_erased,
        rx.el.span("Erased", class_name="meta"),
        anchor(
            rx.cond(row.is_picture, "Open", "Save"), href=row.source, target="_blank", rel="noopener", class_name="btn",
            aria_label="Open " + row.caption,
        ),
    )  # fmt: skip
    return rx.el.li(icon("file_text", "s"), words, save, _actions(row), class_name="paper", key=row.id)


def _actions(row: rx.Var[FileRow]) -> rx.Component:
    uid = "file-" + row.id
    return rx.cond(
        _MAY_WRITE,
        menu(
            uid,
            menu_trigger(uid, "More actions"),
            menu_item(uid, "Change what it says", icon="pencil", on_click=S.begin(row.id)),
            menu_item(uid, "Remove", icon="trash_2", danger=True, on_click=S.remove(row.id)),
        ),
    )


def _look(look: rx.Var[LookRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(look.who, class_name="strong"),
        rx.el.span(look.what, class_name="muted"),
        rx.el.span(look.when, class_name="meta num"),
        class_name="look",
        key=look.key,
    )


def _viewer() -> rx.Component:
    return dialog(
        rx.cond(S.viewed.length() > 1, "Before and after", "Photo"),
        rx.el.div(rx.foreach(S.viewed, _large), class_name="viewer"),
        open=S.viewed.length() > 0,
        on_close=S.stop_viewing,
        wide=True,
    )


def _large(row: rx.Var[FileRow]) -> rx.Component:
    return rx.el.figure(
        rx.el.img(src=row.source, alt=row.caption, width=row.width, height=row.height),
        rx.el.figcaption(row.caption),
        key=row.id,
    )


def _change() -> rx.Component:
    form = rx.el.form(
        rx.cond(
            S.form.is_picture,
            select_field("shows", "What it shows", S.errors, S.choices.kinds, value=S.form.shows, form="file"),
            rx.el.input(type="hidden", name="shows", value=S.form.shows),
        ),
        text_field("title", "Title", S.errors, value=S.form.title, optional=True, max_length=80, form="file"),
        text_field("day", "Day", S.errors, value=S.form.day, type="date", form="file"),
        rx.cond(
            S.form.is_picture,
            select_field(
                "before_id", "Stands beside", S.errors, S.choices.befores, value=S.form.before_id, blank="No other photo",
                hint="For an after photo", form="file",
            ),
        ),
        select_field(
            "booking_id", "Visit", S.errors, S.choices.visits, value=S.form.booking_id, blank="None", form="file"
        ),
        form_footer(button("Cancel", on_click=S.close), submit("Save", busy=S.is_saving)),
        on_submit=S.save,
        class_name="form",
        key=S.form.id,
    )  # fmt: skip
    return panel("Change what it says", form, open=S.form.id != "", on_close=S.close)
