;;; redline-test.el --- Redline in a real Emacs -*- lexical-binding: t -*-

;;; Commentary:

;; Runs the real server with its built-in rules, which need no network:
;;
;;   emacs --batch -Q -L editors/emacs -l redline-test -f ert-run-tests-batch-and-exit
;;
;; REDLINE_BIN names the server; without it the one on the PATH is started.

;;; Code:

(require 'ert)
(require 'redline)

(defconst redline-test-text "def area(width, height):\n    return width * height\n\n\nprint(area(1, 2))\n")

(defconst redline-test-renamed "def area(breadth, height):\n    return breadth * height\n\n\nprint(area(1, 2))\n")

(defmacro redline-test-wait (condition)
  "Handle what comes from the server until CONDITION holds."
  `(with-timeout (20 (error "Waited in vain for %S, the text is %S" ',condition (buffer-string)))
     (while (not ,condition)
       (accept-process-output nil 0.01))))

(defun redline-test-lines (from to name)
  "Lines numbered FROM up to TO that use NAME."
  (mapconcat (lambda (n) (format "value_%d = source(%s, %d)\n" n name n)) (number-sequence from (1- to)) ""))

(defun redline-test-call-slowly (text body)
  "Call BODY in a buffer with TEXT, for which a model writes 240 deltas a second."
  (let* ((said "")
         (command (list (or (getenv "REDLINE_BIN") "redline") "loopback" "--rate" "240"))
         (model (make-process :name "model" :command command :connection-type 'pipe :noquery t
                              :filter (lambda (_ piece) (setq said (concat said piece))))))
    (unwind-protect
        (progn
          (redline-test-wait (string-match "^ws://[^ \n]+" said))
          (let ((process-environment
                 (append (list (concat "REDLINE_MODEL_URL=" (match-string 0 said)) "REDLINE_MODEL=test")
                         process-environment)))
            (redline-test-call body text)))
      (delete-process model))))

(defun redline-test-ask (from to)
  "Ask for a rewrite of the lines FROM to TO, counted from 1 and both inclusive."
  (cl-flet ((start (line) (save-excursion (goto-char (point-min)) (forward-line (1- line)) (point))))
    (redline-rewrite "rename width to breadth" (start from) (start (1+ to)))))

(defun redline-test-states ()
  "The states of the open rewrites, the older first."
  (mapcar (lambda (it) (plist-get it :state)) (redline--open)))

(defun redline-test-call (body &optional text)
  "Call BODY in a buffer that Redline serves, with TEXT or the usual one."
  (let* ((folder (make-temp-file "redline-" t))
         (file (expand-file-name "a.py" folder))
         (eglot-sync-connect 20)
         (eglot-autoshutdown t)
         (eglot-report-progress nil)
         (redline-command (list (or (getenv "REDLINE_BIN") "redline") "lsp"))
         (process-environment (append (list (concat "XDG_CONFIG_HOME=" folder) (concat "XDG_STATE_HOME=" folder))
                                      process-environment)))
    (redline-setup 'python-mode)
    (with-temp-file file (insert (or text redline-test-text)))
    (with-current-buffer (find-file-noselect file)
      (unwind-protect
          (progn
            (python-mode)
            (buffer-enable-undo)
            (apply #'eglot (eglot--guess-contact))
            (should (= eglot-send-changes-idle-time 0.1))
            (funcall body))
        (set-buffer-modified-p nil)
        (when (eglot-current-server)
          (eglot-shutdown (eglot-current-server)))
        (kill-buffer)
        (delete-directory folder t)))))

(defun redline-test-propose ()
  "Ask for a rewrite of the function, and wait until it waits."
  (redline-rewrite "rename width to breadth" (point-min) (save-excursion (goto-char (point-min)) (forward-line 2) (point)))
  (redline-test-wait (equal (plist-get (redline--meant) :state) "proposed"))
  (should (equal (buffer-string) redline-test-renamed)))

(ert-deftest redline-rewrite-is-accepted-and-saved ()
  (redline-test-call
   (lambda ()
     (redline-test-propose)
     (redline-accept)
     (redline-test-wait (= (length (redline--open)) 0))
     (save-buffer)
     (let ((file buffer-file-name))
       (with-temp-buffer
         (insert-file-contents file)
         (should (equal (buffer-string) redline-test-renamed)))))))

(ert-deftest redline-rewrite-is-rejected ()
  (redline-test-call
   (lambda ()
     (redline-test-propose)
     (redline-reject)
     (redline-test-wait (equal (buffer-string) redline-test-text)))))

(ert-deftest redline-change-at-point-is-rejected ()
  (redline-test-call
   (lambda ()
     (redline-test-propose)
     (goto-char (point-min))
     (redline-reject-change)
     (redline-test-wait (equal (buffer-string) redline-test-text)))))

(ert-deftest redline-one-undo-takes-a-rewrite-back ()
  (redline-test-call
   (lambda ()
     (undo-boundary)
     (redline-test-propose)
     (redline-accept)
     (redline-test-wait (= (length (redline--open)) 0))
     (undo-boundary)
     (undo)
     (should (equal (buffer-string) redline-test-text)))))

(ert-deftest redline-refusal-is-told ()
  (redline-test-call
   (lambda ()
     (should-error (redline-accept) :type 'user-error))))

(ert-deftest redline-large-file-takes-a-stream-with-typing ()
  (let ((old (redline-test-lines 0 2000 "width")) (typed 0))
    (redline-test-call-slowly
     old
     (lambda ()
       (redline-test-ask 1001 1040)
       (redline-test-wait (member "streaming" (redline-test-states)))
       (while (member "streaming" (redline-test-states))
         (goto-char (if (cl-evenp typed) (point-min) (point-max)))
         (insert (format "# typed %d\n" typed))
         (setq typed (1+ typed))
         (sit-for 0.02))
       (redline-test-wait (equal (redline-test-states) '("proposed")))
       (redline-accept)
       (redline-test-wait (null (redline--open)))
       (should (> typed 5))
       (let ((above "") (below ""))
         (dotimes (n typed)
           (let ((line (format "# typed %d\n" n)))
             (if (cl-evenp n) (setq above (concat line above)) (setq below (concat below line)))))
         (should (equal (buffer-string)
                        (concat above
                                (redline-test-lines 0 1000 "width")
                                (redline-test-lines 1000 1040 "breadth")
                                (redline-test-lines 1040 2000 "width")
                                below))))))))

(ert-deftest redline-stop-leaves-the-complete-lines ()
  (redline-test-call-slowly
   (redline-test-lines 0 200 "width")
   (lambda ()
     (redline-test-ask 1 200)
     (redline-test-wait (< 60 (or (plist-get (plist-get (redline--meant) :tokens) :output) 0)))
     (redline-interrupt)
     (redline-test-wait (member (car (redline-test-states)) '("interrupted" "proposed")))
     (redline-accept)
     (redline-test-wait (null (redline--open)))
     (let ((changed (how-many "breadth" (point-min))))
       (should (< 0 changed 200))
       (should (equal (buffer-string)
                      (concat (redline-test-lines 0 changed "breadth")
                              (redline-test-lines changed 200 "width"))))))))

(ert-deftest redline-redirect-begins-anew ()
  (redline-test-call-slowly
   (redline-test-lines 0 20 "width")
   (lambda ()
     (redline-test-ask 1 20)
     (redline-test-wait (member "streaming" (redline-test-states)))
     (redline-redirect "rename width to depth")
     (redline-test-wait (equal (redline-test-states) '("proposed")))
     (should (equal (buffer-string) (redline-test-lines 0 20 "depth"))))))

(ert-deftest redline-two-rewrites-in-one-file ()
  (redline-test-call-slowly
   (redline-test-lines 0 60 "width")
   (lambda ()
     (redline-test-ask 1 20)
     (redline-test-ask 41 60)
     (redline-test-wait (equal (redline-test-states) '("proposed" "proposed")))
     (goto-char (point-min))
     (redline-accept)
     (redline-test-wait (= 1 (length (redline--open))))
     (goto-char (1- (point-max)))
     (redline-reject)
     (redline-test-wait (null (redline--open)))
     (redline-test-wait (equal (buffer-string)
                               (concat (redline-test-lines 0 20 "breadth") (redline-test-lines 20 60 "width")))))))

(provide 'redline-test)
;;; redline-test.el ends here
