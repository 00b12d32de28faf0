// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/io/list_output.hpp"

#include <boost/json.hpp>

#include "base/wire/escape.hpp"

namespace scannerqube::volume {
namespace {

std::string escaped(std::string_view path) { return base::wire::escape(path, 4 * max_path); }

std::string span_text(const Range& where) {
  return std::to_string(where.offset) + "+" + std::to_string(where.length);
}

std::string finding_line(const Finding& finding) {
  return "  ! " + std::string(name_of(finding.concern)) + ": " + finding.text + "\n";
}

std::string entry_line(const Entry& entry) {
  std::string line = "  " + std::string(name_of(entry.kind)) + " " + std::to_string(entry.size) +
                     " " + std::string(name_of(entry.content));
  if (entry.reason != Reason::none) line += " (" + std::string(name_of(entry.reason)) + ")";
  if (entry.state == State::deleted) line += " deleted";
  return line + " " + escaped(entry.path) + "\n";
}

boost::json::array findings_json(const std::vector<Finding>& findings) {
  boost::json::array list;
  for (const Finding& found : findings) {
    list.push_back(boost::json::object{{"concern", name_of(found.concern)}, {"text", found.text}});
  }
  return list;
}

boost::json::object range_json(const Range& where) {
  return {{"offset", where.offset}, {"length", where.length}};
}

boost::json::object entry_json(const Entry& entry) {
  boost::json::array extents;
  for (const Extent& extent : entry.extents) {
    if (extent.backing == Backing::zeros) {
      extents.push_back(boost::json::object{{"zeros", extent.where.length}});
    } else {
      extents.push_back(range_json(extent.where));
    }
  }
  return {{"path", escaped(entry.path)},
          {"kind", name_of(entry.kind)},
          {"size", entry.size},
          {"deleted", entry.state == State::deleted},
          {"content", name_of(entry.content)},
          {"reason", name_of(entry.reason)},
          {"modified", entry.times.modified},
          {"extents", std::move(extents)}};
}

boost::json::object file_system_json(const FileSystemReport& file_system) {
  boost::json::array entries;
  for (const Entry& entry : file_system.listing.entries) entries.push_back(entry_json(entry));
  return {{"kind", name_of(file_system.kind)},
          {"findings", findings_json(file_system.listing.findings)},
          {"entries", std::move(entries)}};
}

boost::json::object part_json(const PartReport& part) {
  boost::json::array looks_like;
  for (const FileSystem kind : part.looks_like) looks_like.emplace_back(name_of(kind));
  boost::json::array file_systems;
  for (const auto& file_system : part.file_systems) {
    file_systems.push_back(file_system_json(file_system));
  }
  return {{"number", part.part.number},
          {"offset", part.part.where.offset},
          {"length", part.part.where.length},
          {"table", name_of(part.part.table)},
          {"type", part.part.type},
          {"note", part.part.note},
          {"looks_like", std::move(looks_like)},
          {"file_systems", std::move(file_systems)}};
}

}  // namespace

std::string as_lines(const Report& report) {
  std::string text;
  for (const Area& area : report.areas) {
    text += "area " + std::string(name_of(area.kind)) + " " + span_text(area.where) + "\n";
  }
  for (const Finding& found : report.findings) text += finding_line(found);
  for (const PartReport& part : report.parts) {
    text += "part " + std::to_string(part.part.number) + " " + span_text(part.part.where) + " " +
            std::string(name_of(part.part.table)) + " " + part.part.type;
    if (!part.part.note.empty()) text += " (" + part.part.note + ")";
    for (const FileSystem kind : part.looks_like) text += " " + std::string(name_of(kind));
    text += "\n";
    for (const FileSystemReport& file_system : part.file_systems) {
      text += " " + std::string(name_of(file_system.kind)) + ": " +
              std::to_string(file_system.listing.entries.size()) + " entries\n";
      for (const Entry& entry : file_system.listing.entries) text += entry_line(entry);
      for (const Finding& found : file_system.listing.findings) text += finding_line(found);
    }
  }
  return text + (report.complete() ? "complete\n" : "incomplete\n");
}

std::string as_json(const Report& report) {
  boost::json::array parts;
  for (const PartReport& part : report.parts) parts.push_back(part_json(part));
  boost::json::array areas;
  for (const Area& area : report.areas) {
    boost::json::object value = range_json(area.where);
    value["kind"] = name_of(area.kind);
    areas.push_back(std::move(value));
  }
  const boost::json::object all{{"complete", report.complete()},
                                {"findings", findings_json(report.findings)},
                                {"areas", std::move(areas)},
                                {"parts", std::move(parts)}};
  return boost::json::serialize(all) + "\n";
}

}  // namespace scannerqube::volume
