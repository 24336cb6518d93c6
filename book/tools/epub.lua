-- For pandoc: what the code host and the site know about Markdown, and an e-book has to be told.
-- Callouts lose their mark; links to chapters lead to the chapter's heading in the one long text,
-- links to code become the name of the file, for the reader of an e-book has no code beside it. A
-- picture's caption is printed below it. A chapter has its number, which the text calls it by.

local files = {}  -- from a chapter's file to the heading it begins with

local function plain(inlines)
  return (pandoc.utils.stringify(inlines):lower():gsub("[^%w%s_-]", ""):gsub("%s", "-"))
end

local function first_heading(name)
  if files[name] == nil then
    local file = io.open(name)
    local title = file and file:read("a"):match("\n# ([^\n]+)")
    if file then file:close() end
    files[name] = title and plain(title) or false
  end
  return files[name]
end

local numbers = {}  -- from the heading that a chapter begins with to its number

for name in io.popen("ls [0-9][0-9]-*.md appendix-?-*.md"):lines() do
  local mark = name:match("^0?(%d+)-") or name:match("^appendix%-(%a)"):upper()
  numbers[first_heading(name)] = mark
end

function Header(header)
  local mark = header.level == 1 and numbers[header.identifier]
  if not mark then return nil end
  header.content:insert(1, pandoc.Space())
  header.content:insert(1, pandoc.Str(mark))
  return header
end

function BlockQuote(quote)
  local first = quote.content[1]
  local mark = first and first.t == "Para" and first.content[1]
  if mark and mark.t == "Str" and mark.text:match("^%[!%u+%]$") then
    first.content:remove(1)
    if first.content[1] and first.content[1].t:match("Break$") then first.content:remove(1) end
  end
  return quote
end

function Para(para)
  local image = #para.content == 1 and para.content[1]
  if not image or image.t ~= "Image" or image.title == "" then return nil end
  return { para, pandoc.Para({ pandoc.Emph({ pandoc.Str(image.title) }) }) }
end

function Link(link)
  if link.target:match("^%a+:") or link.target:match("^#") then return nil end
  local name = link.target:match("^([%w-]+%.md)")
  local heading = name and first_heading(name)
  if not heading then return link.content end
  link.target = "#" .. heading
  return link
end
