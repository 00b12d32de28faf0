// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/qt/appearance.hpp"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVariant>
#include <QPalette>
#include <QStyle>
#include <QStyleFactory>

namespace policy::prompt::qt {
namespace {

constexpr int portal_patience_ms = 500;
constexpr uint prefers_dark = 1;  // color-scheme: 0 no preference, 1 dark, 2 light

bool desktop_prefers_dark() {
  QDBusMessage question = QDBusMessage::createMethodCall("org.freedesktop.portal.Desktop",
                                                         "/org/freedesktop/portal/desktop",
                                                         "org.freedesktop.portal.Settings", "Read");
  question << QString("org.freedesktop.appearance") << QString("color-scheme");
  const QDBusMessage answer =
      QDBusConnection::sessionBus().call(question, QDBus::Block, portal_patience_ms);
  if (answer.type() != QDBusMessage::ReplyMessage || answer.arguments().isEmpty()) return false;
  // Read wraps the value twice.
  QVariant value = answer.arguments().first();
  while (value.canConvert<QDBusVariant>()) value = value.value<QDBusVariant>().variant();
  return value.toUInt() == prefers_dark;
}

// Fields are lighter than the window: Fusion draws a radio button as a field with a dark border.
// Contrast of text 9:1 at least, of disabled text on the window 5:1.
QPalette dark_palette() {
  const QColor window(0x24, 0x26, 0x29);
  const QColor field(0x3a, 0x3d, 0x42);
  const QColor text(0xee, 0xee, 0xee);
  const QColor dim(0x9a, 0x9e, 0xa4);
  QPalette palette(QColor(0x35, 0x38, 0x3d), window);
  palette.setColor(QPalette::WindowText, text);
  palette.setColor(QPalette::Text, text);
  palette.setColor(QPalette::ButtonText, text);
  palette.setColor(QPalette::Base, field);
  palette.setColor(QPalette::AlternateBase, window);
  palette.setColor(QPalette::PlaceholderText, dim);
  palette.setColor(QPalette::Highlight, QColor(0x2f, 0x6f, 0xc4));
  palette.setColor(QPalette::HighlightedText, Qt::white);
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
    palette.setColor(QPalette::Disabled, role, dim);
  }
  return palette;
}

bool is_dark(const QPalette& palette) {
  return palette.color(QPalette::Window).lightness() <
         palette.color(QPalette::WindowText).lightness();
}

}  // namespace

void apply(WindowSettings::Colours colours) {
  using Colours = WindowSettings::Colours;
  const bool now_dark = is_dark(QApplication::palette());
  const bool dark = colours == Colours::dark ||
                    (colours == Colours::desktop && (now_dark || desktop_prefers_dark()));
  if (dark == now_dark) return;
  // Other styles may draw with colours of their own.
  QStyle* fusion = QStyleFactory::create("Fusion");
  QApplication::setStyle(fusion);
  QApplication::setPalette(dark ? dark_palette() : fusion->standardPalette());
}

}  // namespace policy::prompt::qt
