// SPDX-License-Identifier: GPL-2.0-or-later
// The window that asks one question on a desktop.
#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>
#include <chrono>
#include <functional>

#include "policy/prompt/view.hpp"

class QButtonGroup;
class QFormLayout;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QVBoxLayout;

namespace policy::prompt::qt {

class TargetList;

// Every text is shown as plain text, escaped as in a terminal: nothing of a device is ever markup.
// Allow works only after the window had the focus for `guard` without a break and a target was
// chosen; a target is chosen beforehand only if policy suggests it. Keys that come in the first
// second were meant for another window and do nothing. "Scan first", where it is offered, is a no
// for now, and works as Allow does. Deny, Esc and closing the window refuse, and so does the end of
// the time. Everything can be reached and done with the keyboard alone.
class PromptWindow : public QWidget {
 public:
  static constexpr std::chrono::milliseconds guard{1000};

  using OnChoice = std::function<void(const Choice&)>;

  // `on_choice` runs once, with allow, deny or scan_first. `patience`: how long the question
  // stands.
  PromptWindow(const io::Question& question, std::chrono::seconds patience, OnChoice on_choice);

 protected:
  void changeEvent(QEvent* event) override;
  void closeEvent(QCloseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void add_facts(QVBoxLayout* layout);
  void add_claims(QVBoxLayout* layout);
  void add_digits(QVBoxLayout* layout);
  void add_targets(QVBoxLayout* layout);
  void add_scopes(QVBoxLayout* layout);
  void add_buttons(QVBoxLayout* layout);
  void tick();
  void update_controls();
  void allow();
  void scan_first();
  void deny() { settle({Choice::Kind::deny}); }
  void settle(const Choice& choice);
  bool pairing() const { return question_.about == io::Question::About::pairing; }
  bool guard_passed() const;
  io::Scope chosen_scope() const;

  io::Question question_;
  OnChoice on_choice_;
  QTimer ticks_;
  QElapsedTimer focused_;  // since the window became active; invalid while it is not
  QElapsedTimer asked_;
  std::chrono::seconds patience_;
  // They belong to the window.
  TargetList* targets_ = nullptr;
  QButtonGroup* scopes_ = nullptr;
  QPlainTextEdit* writes_ = nullptr;
  QLabel* remaining_ = nullptr;
  QPushButton* deny_ = nullptr;
  QPushButton* scan_ = nullptr;  // null: not offered
  QPushButton* allow_ = nullptr;
};

}  // namespace policy::prompt::qt
