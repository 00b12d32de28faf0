// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/qt/target_list.hpp"

#include <QIcon>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QPixmap>
#include <QVBoxLayout>
#include <algorithm>
#include <array>

#include "policy/prompt/view.hpp"

namespace policy::prompt::qt {
namespace {

constexpr int many_targets = 8;
constexpr int icon_size = 16;

// The labels of Qubes, qubes.md 1.2, in their usual colours.
struct LabelColour {
  std::string_view name;
  QRgb colour;
};
constexpr std::array colours{LabelColour{"red", 0xffcc0000},    LabelColour{"orange", 0xfff57900},
                             LabelColour{"yellow", 0xffedd400}, LabelColour{"green", 0xff73d216},
                             LabelColour{"gray", 0xff888a85},   LabelColour{"blue", 0xff3465a4},
                             LabelColour{"purple", 0xff75507b}, LabelColour{"black", 0xff000000}};

// "appvm-red" -> "red"
std::string_view label_of(const io::Question& question, const std::string& qube) {
  const auto icon = question.icons.find(qube);
  if (icon == question.icons.end()) return {};
  const std::string_view text = icon->second;
  const std::size_t dash = text.rfind('-');
  return dash == std::string_view::npos ? text : text.substr(dash + 1);
}

// A square with a border that shows on light and dark, beside the name, never instead of it.
QIcon icon_of(std::string_view label) {
  const auto* const found =
      std::find_if(colours.begin(), colours.end(),
                   [label](const LabelColour& each) { return each.name == label; });
  if (found == colours.end()) return {};
  QPixmap square(icon_size, icon_size);
  square.fill(QColor::fromRgb(found->colour));
  QPainter painter(&square);
  painter.setPen(Qt::gray);
  painter.drawRect(0, 0, icon_size - 1, icon_size - 1);
  QIcon icon(square);
  icon.addPixmap(square, QIcon::Selected);  // not tinted: the colour is the label's
  return icon;
}

// The first arrow key chooses the first row; Qt would take it for current already and skip it.
class Rows : public QListWidget {
 protected:
  void focusInEvent(QFocusEvent* event) override {
    QListWidget::focusInEvent(event);
    if (selectedItems().isEmpty()) setCurrentItem(nullptr, QItemSelectionModel::NoUpdate);
  }
};

}  // namespace

QString with_label(const io::Question& question, const std::string& qube) {
  const std::string_view label = label_of(question, qube);
  const QString name = QString::fromStdString(shown(qube));
  return label.empty() ? name : name + " (" + QString::fromStdString(shown(label)) + ")";
}

TargetList::TargetList(const io::Question& question, std::function<void()> on_change)
    : targets_(question.targets), list_(new Rows) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* label = new QLabel(question.about == io::Question::About::device ? "&Qube:" : "&Target:");
  label->setBuddy(list_);
  layout->addWidget(label);
  const auto count = static_cast<int>(targets_.size());
  if (count > many_targets) {
    auto* search = new QLineEdit;
    search->setPlaceholderText("Search");
    search->setAccessibleName("Search targets");
    QObject::connect(search, &QLineEdit::textChanged, this,
                     [this](const QString& text) { filter(text); });
    layout->addWidget(search);
  }
  list_->setAccessibleName("Targets");
  for (const std::string& target : targets_) {
    list_->addItem(
        new QListWidgetItem(icon_of(label_of(question, target)), with_label(question, target)));
    if (target == question.default_target) list_->setCurrentRow(list_->count() - 1);
  }
  const int rows = std::clamp(count, 1, many_targets);
  const int height = list_->sizeHintForRow(0) * rows + 2 * list_->frameWidth();
  list_->setMinimumHeight(height);
  if (count <= many_targets) list_->setMaximumHeight(height);
  list_->setTabKeyNavigation(false);
  list_->setUniformItemSizes(true);
  QObject::connect(list_, &QListWidget::itemSelectionChanged, this,
                   [changed = std::move(on_change)] { changed(); });
  layout->addWidget(list_);
  setFocusProxy(list_);
}

// What is selected, not what is current: focus alone makes the first row current.
const std::string* TargetList::chosen() const {
  const auto selected = list_->selectedItems();
  if (selected.size() != 1 || selected.front()->isHidden()) return nullptr;
  return &targets_[static_cast<std::size_t>(list_->row(selected.front()))];
}

void TargetList::filter(const QString& text) {
  for (int row = 0; row < list_->count(); ++row) {
    QListWidgetItem* item = list_->item(row);
    item->setHidden(!item->text().contains(text, Qt::CaseInsensitive));
    if (item->isHidden()) item->setSelected(false);
  }
}

}  // namespace policy::prompt::qt
