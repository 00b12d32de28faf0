// SPDX-License-Identifier: GPL-2.0-or-later
// The qubes a question may be answered with, each with its label's colour and the colour's name.
#pragma once

#include <QWidget>
#include <functional>
#include <string>

#include "policy/io/question.hpp"

class QLineEdit;
class QListWidget;

namespace policy::prompt::qt {

// "work (blue)": the colour in words, for those who cannot see it.
QString with_label(const io::Question& question, const std::string& qube);

// Nothing is chosen but what the question suggests. Many targets get a field to search in.
class TargetList : public QWidget {
 public:
  TargetList(const io::Question& question, std::function<void()> on_change);

  // nullptr: nothing chosen. It is one of the question's targets, and lives as long as this.
  const std::string* chosen() const;

 private:
  void filter(const QString& text);

  std::vector<std::string> targets_;
  QListWidget* list_ = nullptr;  // belongs to this widget
};

}  // namespace policy::prompt::qt
