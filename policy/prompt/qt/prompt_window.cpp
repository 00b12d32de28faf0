// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/prompt/qt/prompt_window.hpp"

#include <QButtonGroup>
#include <QCloseEvent>
#include <QFormLayout>
#include <QGroupBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QVBoxLayout>
#include <utility>

#include "policy/prompt/qt/target_list.hpp"

namespace policy::prompt::qt {
namespace {

constexpr std::chrono::milliseconds tick_every{100};
constexpr int min_width = 560;
constexpr int lines_of_what_is_written = 6;
constexpr double headline_size = 1.2;
constexpr double digits_size = 2.5;

// A label that never takes what it shows for markup.
QLabel* plain(const QString& text) {
  auto* label = new QLabel;
  label->setTextFormat(Qt::PlainText);
  label->setText(text);
  label->setWordWrap(true);
  return label;
}

void embolden(QLabel* label, double size = 1) {
  QFont font = label->font();
  font.setBold(true);
  font.setPointSizeF(font.pointSizeF() * size);
  label->setFont(font);
}

// A row that a screen reader says as "NAME: VALUE".
QLabel* add_row(QFormLayout* form, const QString& name, const QString& value) {
  QLabel* label = plain(value);
  label->setAccessibleName(name + ": " + value);
  form->addRow(plain(name + ":"), label);
  return label;
}

QPushButton* button(const QString& text, const QString& name) {
  auto* made = new QPushButton(text);
  made->setAccessibleName(name);
  made->setAutoDefault(true);  // Enter presses what has the focus
  return made;
}

}  // namespace

PromptWindow::PromptWindow(const io::Question& question, std::chrono::seconds patience,
                           OnChoice on_choice)
    : question_(question), on_choice_(std::move(on_choice)), patience_(patience) {
  setWindowTitle("Sallyport: may this happen?");
  setWindowFlag(Qt::WindowStaysOnTopHint);
  setFocusPolicy(Qt::StrongFocus);
  setMinimumWidth(min_width);
  auto* layout = new QVBoxLayout(this);
  add_facts(layout);
  add_claims(layout);
  if (pairing()) {
    add_digits(layout);
  } else {
    add_targets(layout);
  }
  add_buttons(layout);
  setFocus();  // nothing that a key could press has the focus yet
  asked_.start();
  QObject::connect(&ticks_, &QTimer::timeout, this, [this] { tick(); });
  ticks_.start(tick_every);
  tick();
}

// For a keyboard whose keys go nowhere yet: there is nothing to allow here.
void PromptWindow::add_digits(QVBoxLayout* layout) {
  const QString digits = QString::fromStdString(spaced_digits(question_));
  layout->addWidget(
      plain("Type these digits on the new keyboard. Until then its keys go nowhere."));
  QLabel* label = plain(digits);
  embolden(label, digits_size);
  label->setAlignment(Qt::AlignCenter);
  label->setAccessibleName("Type these digits: " + digits);
  layout->addWidget(label);
}

void PromptWindow::add_targets(QVBoxLayout* layout) {
  targets_ = new TargetList(question_, [this] { update_controls(); });
  layout->addWidget(targets_, 1);
  add_scopes(layout);
}

void PromptWindow::add_facts(QVBoxLayout* layout) {
  const bool device = question_.about == io::Question::About::device;
  const QString operation = QString::fromStdString(operation_of(question_));
  const QString source = QString::fromStdString(shown(question_.source));
  QLabel* headline = plain(pairing() ? QString("Is a person at the new keyboard?")
                           : device  ? QString("Which qube may have this device?")
                                     : source + " asks for " + operation);
  embolden(headline, headline_size);
  layout->addWidget(headline);
  auto* form = new QFormLayout;
  layout->addLayout(form);
  add_row(form,
          pairing() ? "Keyboard in"
          : device  ? "Device in"
                    : "Source",
          with_label(question_, question_.source));
  for (const Detail& fact : facts_of(question_)) {
    QLabel* label =
        add_row(form, QString::fromStdString(fact.label), QString::fromStdString(fact.value));
    if (fact.label == changed_label) embolden(label);
  }
}

void PromptWindow::add_claims(QVBoxLayout* layout) {
  const auto claims = claims_of(question_);
  if (claims.empty()) return;
  const QString heading(claims_heading.data());
  auto* box = new QGroupBox(heading);
  box->setAccessibleName(heading);
  auto* form = new QFormLayout;
  box->setLayout(form);
  for (const Detail& claim : claims) {
    add_row(form, QString::fromStdString(claim.label), QString::fromStdString(claim.value));
  }
  layout->addWidget(box);
}

void PromptWindow::add_scopes(QVBoxLayout* layout) {
  if (question_.scopes.empty()) return;
  scopes_ = new QButtonGroup(this);
  const auto add = [this, layout](io::Scope scope, const QString& text) {
    auto* choice = new QRadioButton(text);
    choice->setAccessibleName(QString(text).remove('&'));
    scopes_->addButton(choice, static_cast<int>(scope));
    layout->addWidget(choice);
    return choice;
  };
  add(io::Scope::once, "&Once")->setChecked(true);
  for (const io::Scope scope : question_.scopes) {
    if (scope == io::Scope::while_plugged) add(scope, "While it stays &plugged in");
    if (scope == io::Scope::always) add(scope, "Al&ways for this device in this port");
  }
  QString written = "This will be written, and asked no more:";
  for (const std::string& line : written_lines(question_)) {
    written += "\n" + QString::fromStdString(line);
  }
  writes_ = new QPlainTextEdit(written);
  writes_->setReadOnly(true);
  writes_->setTabChangesFocus(true);
  writes_->setAccessibleName("What is written");
  writes_->setFixedHeight(writes_->fontMetrics().lineSpacing() * lines_of_what_is_written);
  writes_->setVisible(false);
  layout->addWidget(writes_);
  QObject::connect(scopes_, &QButtonGroup::idToggled, this, [this] {
    writes_->setVisible(chosen_scope() == io::Scope::always);
    adjustSize();
  });
}

void PromptWindow::add_buttons(QVBoxLayout* layout) {
  auto* row = new QHBoxLayout;
  layout->addLayout(row);
  remaining_ = plain({});
  row->addWidget(remaining_, 1);
  deny_ = button("&Deny", "Deny");
  allow_ = button("&Allow", "Allow");
  QObject::connect(deny_, &QPushButton::clicked, this, [this] { deny(); });
  QObject::connect(allow_, &QPushButton::clicked, this, [this] { allow(); });
  row->addWidget(deny_);
  if (!question_.scan_first.empty()) {
    scan_ = button("&Scan first", "Scan first, and ask again if it is clean");
    QObject::connect(scan_, &QPushButton::clicked, this, [this] { scan_first(); });
    row->addWidget(scan_);
  }
  row->addWidget(allow_);
  allow_->setVisible(!pairing());
}

void PromptWindow::changeEvent(QEvent* event) {
  if (event->type() == QEvent::ActivationChange) {
    if (isActiveWindow()) {
      focused_.start();
    } else {
      focused_.invalidate();
    }
    update_controls();
  }
  QWidget::changeEvent(event);
}

void PromptWindow::closeEvent(QCloseEvent* event) {
  event->accept();
  deny();
}

void PromptWindow::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape && guard_passed()) return deny();
  QWidget::keyPressEvent(event);
}

void PromptWindow::tick() {
  const auto left = patience_ - std::chrono::milliseconds(asked_.elapsed());
  if (left.count() <= 0) return deny();
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
  remaining_->setText("No answer in " + QString::number(seconds) + " s denies.");
  update_controls();
}

bool PromptWindow::guard_passed() const {
  return focused_.isValid() && focused_.elapsed() >= guard.count();
}

void PromptWindow::update_controls() {
  const bool passed = guard_passed();
  if (scan_ != nullptr) scan_->setEnabled(passed);
  allow_->setEnabled(passed && targets_ != nullptr && targets_->chosen() != nullptr);
  if (passed && focusPolicy() != Qt::NoFocus) {  // for the first time
    if (focusWidget() == this) deny_->setFocus();
    setFocusPolicy(Qt::NoFocus);
  }
}

io::Scope PromptWindow::chosen_scope() const {
  return scopes_ == nullptr ? io::Scope::once : static_cast<io::Scope>(scopes_->checkedId());
}

void PromptWindow::allow() {
  const std::string* target = targets_ == nullptr ? nullptr : targets_->chosen();
  if (guard_passed() && target != nullptr) {
    settle({Choice::Kind::allow, *target, chosen_scope()});
  }
}

void PromptWindow::scan_first() {
  if (guard_passed()) settle({Choice::Kind::scan_first});
}

void PromptWindow::settle(const Choice& choice) {
  ticks_.stop();
  if (const OnChoice on_choice = std::exchange(on_choice_, nullptr)) on_choice(choice);
}

}  // namespace policy::prompt::qt
